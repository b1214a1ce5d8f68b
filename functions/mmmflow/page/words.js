/* Numbers, times and names as a person reads them. */

const formatter = (options) => {
  const format = new Intl.NumberFormat("en", options);
  return (value) => (value == null ? "–" : format.format(value));
};
export const count = formatter({ maximumFractionDigits: 0 });
const few = formatter({
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
});
export const money = (value) => (Math.abs(value) < 100 ? few : count)(value);
const places = (digits) =>
  formatter({ minimumFractionDigits: digits, maximumFractionDigits: digits });
export const [two, three, four] = [places(2), places(3), places(4)];
const change = (digits) =>
  formatter({
    style: "percent",
    signDisplay: "exceptZero",
    maximumFractionDigits: digits,
  });
export const [roughly, nearly] = [change(0), change(1)];
const dates = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const moments = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
export const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

export const word = (name) => name.toLowerCase().replaceAll("_", " ");
export const day = (text) => dates.format(new Date(`${text}T00:00`));
export const time = (text) => ({
  dateTime: text,
  textContent: moments.format(new Date(text)),
});

export function lasted(start, end) {
  const seconds = Math.round((new Date(end) - new Date(start)) / 1000);
  if (seconds < 60) return `took ${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `took ${minutes} min ${seconds % 60} s`;
  return `took ${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const ADSTOCKS = {
  geometric: "Geometric",
  weibull_cdf: "Weibull CDF",
  weibull_pdf: "Weibull PDF",
};

/** The NRMSE that ranks a model, and where it was measured. */
export function outOfSample({ nrmse_test: test, nrmse_backtest: backtest }) {
  if (test != null) return { score: test, kind: "on the test rows" };
  if (backtest != null) return { score: backtest, kind: "in its backtest" };
  return { score: null, kind: "not measured" };
}
