/* Small charts, as SVG. Each has the numbers beside it or in its label. */

const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

const hidden = { "aria-hidden": "true", focusable: "false" };

/** Two bars, today's spend above the proposed one. */
export function bars(now, proposed, most) {
  const bar = (name, value, y) =>
    svg("rect", {
      class: name, y, height: 7, rx: 2,
      width: `${most > 0 ? (100 * value) / most : 0}%`,
    });
  return svg("svg", hidden, bar("now", now, 0), bar("proposed", proposed, 9));
}

/** A bar from zero to the value, on a scale that holds `least` and `most`. */
export function signedBar(value, least, most) {
  const scale = most - least || 1;
  const at = (x) => (100 * (x - least)) / scale;
  const [from, to] = [Math.min(0, value), Math.max(0, value)];
  return svg("svg", { ...hidden, class: "signed" },
    svg("rect", {
      class: value < 0 ? "less" : "proposed", y: 3, height: 10, rx: 2,
      x: `${at(from)}%`, width: `${at(to) - at(from)}%`,
    }),
    svg("line", {
      class: "axis", x1: `${at(0)}%`, x2: `${at(0)}%`, y1: 0, y2: 16,
    }));
}

const path = (points) =>
  points.map(([x, y], i) =>
    `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** Values over time, the oldest first. */
export function sparkline(values) {
  const [width, height] = [120, 24];
  if (values.length < 2) return svg("svg", { ...hidden, class: "spark" });
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const scale = most - least || 1;
  const points = values.map((value, i) => [
    1 + (i * (width - 2)) / (values.length - 1),
    height - 2 - ((value - least) * (height - 4)) / scale,
  ]);
  return svg(
    "svg",
    { ...hidden, class: "spark", viewBox: `0 0 ${width} ${height}` },
    svg("path", { class: "line", d: path(points) }),
  );
}

/** A response curve: `points` [{spend, response}], and marks on it
    [{class, spend, response}]. */
export function curve(label, points, marks) {
  const [width, height] = [240, 110];
  const all = [...points, ...marks];
  const wide = Math.max(...all.map(({ spend }) => spend)) || 1;
  const high = Math.max(...all.map(({ response }) => response)) || 1;
  const place = ({ spend, response }) => [
    4 + (spend * (width - 8)) / wide,
    height - 4 - (Math.max(0, response) * (height - 10)) / high,
  ];
  const mark = (one) => {
    const [cx, cy] = place(one);
    return svg("circle", { class: one.class, cx, cy, r: 4.5 });
  };
  return svg(
    "svg",
    {
      class: "curve", viewBox: `0 0 ${width} ${height}`, role: "img",
      "aria-label": label,
    },
    svg("path", { class: "axis", d: `M4 2V${height - 4}H${width - 2}` }),
    svg("path", { class: "line", d: path(points.map(place)) }),
    ...marks.map(mark),
  );
}

/** One column a day. */
export function columns(label, values) {
  const [wide, height] = [10, 60];
  const most = Math.max(...values) || 1;
  return svg(
    "svg",
    {
      class: "columns-chart", role: "img", "aria-label": label,
      viewBox: `0 0 ${Math.max(values.length, 14) * wide} ${height}`,
      preserveAspectRatio: "none",
    },
    ...values.map((value, i) => {
      const tall = Math.max(1, ((height - 2) * value) / most);
      return svg("rect", {
        class: "proposed", x: i * wide + 1, width: wide - 2,
        y: height - tall, height: tall,
      });
    }),
  );
}
