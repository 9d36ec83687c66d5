// The chart block: a pie, or bars, lines and areas over the categories of an axis.

import { h, svg } from "./dom.js";
import { exact, labels, number, scale, share } from "./scales.js";

export const COLOURS = ["#1264a3", "#2eb67d", "#e8912d", "#e01e5a", "#36a5c9", "#7c3085"];
const [WIDTH, PLOT_HEIGHT] = [420, 200];

export function chart(block) {
  const { chart: drawn, title } = block;
  const picture = drawn.type === "pie" ? pie(drawn, title) : overAxis(drawn, title);
  const entries = drawn.type === "pie" ? segments(drawn) : drawn.series.map((series) => [series.name]);
  const legend = entries.length > 1 || drawn.type === "pie" ? legendOf(entries, drawn.type === "pie") : "";
  return h("figure", { class: `chart chart-${drawn.type}` }, h("figcaption", {}, title), h("div", { class: "chart-body" }, picture, legend));
}

function legendOf(entries, withValues) {
  const entry = ([name, value, part], index) =>
    h("li", {}, h("span", { class: "swatch", style: `background:${COLOURS[index]}` }), h("span", {}, name), withValues && h("b", {}, value), withValues && h("small", {}, part));
  return h("ul", { class: "legend" }, entries.map(entry));
}

const total = (pieChart) => pieChart.segments.reduce((sum, segment) => sum + segment.value, 0);
const segments = (drawn) => drawn.segments.map((s) => [s.label, exact(s.value), share(s.value / total(drawn))]);

function pie(drawn, title) {
  const whole = total(drawn);
  const at = (turn, radius) => `${(100 + radius * Math.sin(turn * 2 * Math.PI)).toFixed(2)} ${(100 - radius * Math.cos(turn * 2 * Math.PI)).toFixed(2)}`;
  let from = 0;
  const slices = drawn.segments.map((segment, index) => {
    const [start, end] = [from, Math.min(from + segment.value / whole, from + 0.99999)];
    from = end;
    const far = end - start > 0.5 ? 1 : 0;
    const path = `M${at(start, 92)}A92 92 0 ${far} 1 ${at(end, 92)}L${at(end, 48)}A48 48 0 ${far} 0 ${at(start, 48)}Z`;
    const words = `${segment.label}: ${exact(segment.value)} (${share(segment.value / whole)})`;
    return svg("path", { d: path, fill: COLOURS[index], class: "slice" }, svg("title", {}, words));
  });
  return svg("svg", { viewBox: "0 0 200 200", role: "img", "aria-label": title }, slices);
}

function overAxis(drawn, title) {
  const { categories, x_label: xLabel, y_label: yLabel } = drawn.axis_config;
  const values = drawn.series.map((series) => {
    const points = new Map(series.data.map((point) => [point.label, point.value]));
    return categories.map((category) => points.get(category));
  });
  const ticks = scale(values.flat(), drawn.type !== "line");
  const longest = Math.max(...ticks.map((tick) => number(tick).length));
  const room = 16 + longest * 6.5 + (yLabel ? 16 : 0);
  const names = labels(categories, (WIDTH - room - 12) / categories.length);
  const left = Math.max(room, names.reach - (WIDTH - room) / categories.length / 2);
  const band = (WIDTH - left - 12) / categories.length;
  const bottom = PLOT_HEIGHT;
  const height = bottom + names.height + (xLabel ? 18 : 0);
  const [low, high] = [ticks[0], ticks.at(-1)];
  const plot = {
    left, bottom, band, categories,
    x: (index) => left + band * (index + 0.5),
    y: (value) => bottom - ((value - low) / (high - low)) * (bottom - 12),
  };
  const marks = { bar: bars, line: lines, area: areas }[drawn.type];
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": title },
    ticks.map((tick) => [
      svg("line", { x1: left, x2: WIDTH - 12, y1: plot.y(tick), y2: plot.y(tick), class: tick === 0 ? "axis" : "grid" }),
      svg("text", { x: left - 8, y: plot.y(tick) + 4, "text-anchor": "end" }, number(tick)),
    ]),
    names.shown.map((text, index) => text && category(text, plot.x(index), bottom, names.slanted)),
    xLabel && svg("text", { x: (left + WIDTH) / 2, y: height - 4, "text-anchor": "middle", class: "axis-label" }, xLabel),
    yLabel && svg("text", { transform: `translate(12 ${(bottom + 12) / 2}) rotate(-90)`, "text-anchor": "middle", class: "axis-label" }, yLabel),
    marks(drawn.series, values, plot),
  );
}

function category(text, x, bottom, slanted) {
  const place = slanted ? { transform: `translate(${x + 4} ${bottom + 13}) rotate(-40)`, "text-anchor": "end" } : { x, y: bottom + 17, "text-anchor": "middle" };
  return svg("text", place, text);
}

const tip = (series, plot, index, value) => svg("title", {}, `${plot.categories[index]} · ${series.name}: ${exact(value)}`);

function bars(series, values, plot) {
  const width = Math.min((plot.band * 0.76) / series.length, 46);
  const zero = plot.y(0);
  return values.flatMap((row, s) =>
    row.map((value, index) => {
      const x = plot.x(index) + (s - series.length / 2) * width;
      const [top, end] = [Math.min(plot.y(value), zero), Math.max(plot.y(value), zero)];
      const shape = { x: x + 0.5, y: top, width: Math.max(width - 1, 1), height: Math.max(end - top, 0.5), rx: Math.min(2, width / 4) };
      return svg("rect", { ...shape, fill: COLOURS[s], class: "mark" }, tip(series[s], plot, index, value));
    }),
  );
}

const along = (row, plot) => row.map((value, index) => `${plot.x(index).toFixed(1)} ${plot.y(value).toFixed(1)}`).join("L");

function lines(series, values, plot) {
  return values.map((row, s) => [
    svg("path", { d: `M${along(row, plot)}`, fill: "none", stroke: COLOURS[s], "stroke-width": 2.2, "stroke-linejoin": "round" }),
    row.map((value, index) => svg("circle", { cx: plot.x(index), cy: plot.y(value), r: 3.2, fill: COLOURS[s], class: "mark" }, tip(series[s], plot, index, value))),
  ]);
}

function areas(series, values, plot) {
  const fills = values.map((row, s) => {
    const base = plot.y(0).toFixed(1);
    const d = `M${plot.x(0).toFixed(1)} ${base}L${along(row, plot)}L${plot.x(row.length - 1).toFixed(1)} ${base}Z`;
    return svg("path", { d, fill: COLOURS[s], "fill-opacity": 0.2 });
  });
  return [fills, lines(series, values, plot)];
}
