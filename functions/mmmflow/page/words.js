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
export const money = (value) =>
  (value !== 0 && Math.abs(value) < 100 ? few : count)(value);
const places = (digits) =>
  formatter({ minimumFractionDigits: digits, maximumFractionDigits: digits });
export const [two, three, four] = [places(2), places(3), places(4)];
const change = (digits) =>
  formatter({
    style: "percent",
    signDisplay: "exceptZero",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
export const [roughly, nearly] = [change(0), change(1)];
export const fine = formatter({
  style: "percent",
  signDisplay: "negative", // no -0.0%
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
/** A price, such as $1,234.50 or $0.0021. */
export const price = (value, currency) =>
  value == null ? "–" : new Intl.NumberFormat("en", {
    style: "currency",
    currency,
    maximumFractionDigits: value !== 0 && Math.abs(value) < 0.1 ? 4 : 2,
  }).format(value);
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
export const moment = (text) => moments.format(new Date(text));
export const time = (text) => ({ dateTime: text, textContent: moment(text) });

/** A time span such as 40 s, 3 min 20 s or 2 h 5 min. */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const between = (start, end) =>
  (new Date(end) - new Date(start)) / 1000;

export const plural = (n, one, many = `${one}s`) =>
  `${count(n)} ${n === 1 ? one : many}`;

/** A problem as a sentence: where, what, and what to do. */
export const problem = ({ where, what, hint }) =>
  `${where && `${where}: `}${what}${hint && ` (${hint})`}`;

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
