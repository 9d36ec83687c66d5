// The two table blocks. Both scroll inside themselves.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { richText } from "./rich_text.js";

function cell(tag, c, look, attributes = {}) {
  const content = c.type === "rich_text" ? richText(c) : c.text ?? String(c.value);
  return h(tag, { class: look || (c.type === "raw_number" ? "right" : null), ...attributes }, content);
}

const scrolling = (...content) => h("div", { class: "table-scroll", tabindex: 0 }, h("table", {}, ...content));

const numeric = (body, i) => body.length > 0 && body.every((row) => row[i]?.type === "raw_number");

export function table(block) {
  const [head, ...body] = block.rows;
  const looks = head.map((_, i) => {
    const { align, is_wrapped: wraps } = block.column_settings?.[i] || {};
    return [align || (numeric(body, i) ? "right" : "left"), wraps ? "wrapped" : ""].join(" ");
  });
  const row = (tag) => (cells) => h("tr", {}, cells.map((c, index) => cell(tag, c, looks[index])));
  return scrolling(h("thead", {}, row("th")(head)), h("tbody", {}, body.map(row("td"))));
}

export function dataTable(block) {
  const [head, ...body] = block.rows;
  const size = block.page_size || 5;
  const looks = head.map((_, i) => (numeric(body, i) ? "right" : "left"));
  const rowHeader = block.row_header_column_index || 0;
  const row = (cells) => h("tr", {}, cells.map((c, i) => (i === rowHeader ? cell("th", c, looks[i], { scope: "row" }) : cell("td", c, looks[i]))));
  const rows = body.map(row);
  const shown = h("tbody");
  const pages = h("div", { class: "pages" });
  const turn = (label, drawn, to, off) => h("button", { type: "button", class: "turn", "aria-label": label, disabled: off, onclick: () => draw(to) }, icon(drawn));
  const draw = (start) => {
    const end = Math.min(start + size, rows.length);
    shown.replaceChildren(...rows.slice(start, end));
    pages.replaceChildren(
      turn("Previous page", "previous", start - size, start === 0),
      h("span", {}, `${start + 1}–${end} of ${rows.length}`),
      turn("Next page", "next", end, end >= rows.length),
    );
  };
  draw(0);
  const titles = h("tr", {}, head.map((c, i) => cell("th", c, looks[i], { scope: "col" })));
  return h(
    "div",
    { class: "data-table" },
    scrolling(h("caption", {}, block.caption), h("thead", {}, titles), shown),
    rows.length > size && pages,
  );
}
