// Small line drawings, 20 × 20, in the colour of the text beside them.

import { svg } from "./dom.js";

const PATHS = {
  close: "M5 5l10 10M15 5L5 15",
  plus: "M10 4v12M4 10h12",
  more: "M10 4.5v.01M10 10v.01M10 15.5v.01",
  send: "M3.5 4l13 6-13 6 2-6zM5.5 10h6",
  lock: "M5 9h10v7H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  shared: "M3.5 10a3 3 0 0 1 3-3h2M16.5 10a3 3 0 0 1-3 3h-2M3.5 10a3 3 0 0 0 3 3h2M16.5 10a3 3 0 0 0-3-3h-2M7.5 10h5",
  up: "M3 9h3v7H3zM6 9.5L9.5 3c1.4 0 2 .8 1.8 2l-.5 3H15a1.8 1.8 0 0 1 1.8 2.2l-1 4.3A2 2 0 0 1 13.8 16H6",
  down: "M3 11h3V4H3zM6 10.5L9.5 17c1.4 0 2-.8 1.8-2l-.5-3H15a1.8 1.8 0 0 0 1.8-2.2l-1-4.3A2 2 0 0 0 13.8 4H6",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.7 10h7.6l.7-10M8.5 9v4.5M11.5 9v4.5",
  reply: "M4 4.5h12v9H9.5L6 16.5v-3H4z",
  file: "M5.5 3h6l3.5 3.5V17h-9.5zM11.5 3v3.5H15",
  download: "M10 3.5v8.5M6.5 9L10 12.5 13.5 9M4 16h12",
  bolt: "M11 3L5 11h4.5L9 17l6-8h-4.5z",
  eye: "M2.5 10s2.8-4.5 7.5-4.5 7.5 4.5 7.5 4.5-2.8 4.5-7.5 4.5S2.5 10 2.5 10zM10 8a2 2 0 1 0 .01 0",
  previous: "M12 5l-5 5 5 5",
  next: "M8 5l5 5-5 5",
  info: "M10 3a7 7 0 1 0 .01 0M10 9v4.5M10 6.5v.01",
  warning: "M10 3.5L17.5 16.5h-15zM10 8.5v3.5M10 14.3v.01",
  error: "M10 3a7 7 0 1 0 .01 0M10 6.5v4.5M10 13.5v.01",
  success: "M10 3a7 7 0 1 0 .01 0M6.8 10.2l2.2 2.3 4.2-4.7",
};

export function icon(name) {
  return svg("svg", { class: `icon icon-${name}`, viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}
