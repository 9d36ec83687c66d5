// Block Kit as Slack shows it. `at` is where the blocks stand: see elements.js.

import { chart } from "./charts.js";
import { h } from "./dom.js";
import { element } from "./elements.js";
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";
import { richText } from "./rich_text.js";
import { dataTable, table } from "./tables.js";
import { plan, taskCard } from "./tasks.js";
import { mrkdwn, picture, plain, textObject } from "./text.js";

const KINDS = {
  section, header, context, actions, image, container, card, alert, input, table, plan,
  context_actions: actions,
  data_table: dataTable,
  data_visualization: chart,
  divider: () => h("hr"),
  markdown: (block) => markdown(block.text),
  rich_text: richText,
  task_card: taskCard,
};

export function blocks(list, at) {
  return list.map((block) => {
    const make = KINDS[block.type];
    return h("div", { class: `block is-${block.type}`, "data-block-id": block.block_id }, make ? make(block, at) : block.type);
  });
}

function section(block, at) {
  const fields = block.fields && h("div", { class: "fields" }, block.fields.map(textObject));
  const side = block.accessory && h("div", { class: "accessory" }, element(block.accessory, block, at));
  return h("div", { class: "with-accessory" }, h("div", {}, block.text ? textObject(block.text) : "", fields), side);
}

function header(block) {
  return h("h3", {}, plain(block.text));
}

function context(block) {
  return block.elements.map((e) => (e.type === "image" ? picture(e) : e.type === "mrkdwn" ? mrkdwn(e.text) : textObject(e)));
}

function image(block) {
  return h("figure", {}, block.title && h("figcaption", {}, plain(block.title)), picture(block));
}

function actions(block, at) {
  return block.elements.map((e) => element(e, block, at));
}

function input(block, at) {
  const optional = block.optional && h("span", {}, " (optional)");
  return [
    h("div", { class: "label" }, plain(block.label), optional),
    element(block.element, block, at),
    block.hint && h("div", { class: "hint" }, plain(block.hint)),
  ];
}

function alert(block) {
  const level = block.level || "default";
  const drawn = { default: "info" }[level] || level;
  return h("div", { class: `alert ${level}`, role: "note" }, icon(drawn), textObject(block.text));
}

function card(block, at) {
  const words = [
    block.title && h("div", { class: "card-title" }, textObject(block.title)),
    block.subtitle && h("div", { class: "card-subtitle" }, textObject(block.subtitle)),
  ];
  return h(
    "div",
    { class: "card" },
    block.hero_image && h("div", { class: "hero" }, picture(block.hero_image)),
    h("div", { class: "card-head" }, block.icon && picture(block.icon), h("div", {}, words)),
    block.body && h("div", { class: "card-body" }, textObject(block.body)),
    block.actions && h("div", { class: "card-actions" }, block.actions.map((e) => element(e, block, at))),
  );
}

function container(block, at) {
  const head = [
    block.icon && picture(block.icon),
    h("span", { class: "container-title" }, block.rich_text_title ? richText(block.rich_text_title) : plain(block.title)),
    block.subtitle && h("span", { class: "container-subtitle" }, textObject(block.subtitle)),
  ];
  const width = `box ${block.width || "standard"}`;
  const children = h("div", { class: "container-body" }, blocks(block.child_blocks, at));
  if (block.is_collapsible) return h("details", { class: width, open: !block.default_collapsed }, h("summary", { class: "container-head" }, head), children);
  return h("div", { class: `${width} ${block.has_header_divider ? "divided" : ""}` }, h("div", { class: "container-head" }, head), children);
}
