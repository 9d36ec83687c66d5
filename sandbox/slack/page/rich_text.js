// Rich text: Slack's own tree of sections, lists, quotes and preformatted text.

import { h } from "./dom.js";
import { broadcast, channelMention, dated, emoji, groupMention, link, mention } from "./text.js";

export function richText(block) {
  return h("div", { class: "text" }, block.elements.map(part));
}

const MARKS = { ul: ["disc", "circle", "square"], ol: ["decimal", "lower-alpha", "lower-roman"] };

function part(node) {
  const content = () => node.elements.map(leaf);
  if (node.type === "rich_text_list") return list(node);
  if (node.type === "rich_text_preformatted") return h("pre", { class: node.border && "bordered" }, content());
  if (node.type === "rich_text_quote") return h("blockquote", {}, content());
  return h("p", {}, content());
}

function list(node) {
  const [tag, indent] = [node.style === "ordered" ? "ol" : "ul", node.indent || 0];
  const look = `list-style-type:${MARKS[tag][indent % 3]};margin-left:${indent * 22}px`;
  const start = node.offset ? node.offset + 1 : null;
  const item = (element) => h("li", {}, element.type === "rich_text_section" ? element.elements.map(leaf) : part(element));
  return h(tag, { class: node.border && "bordered", style: look, start }, node.elements.map(item));
}

const LEAVES = {
  broadcast: (e) => broadcast(e.range),
  channel: (e) => channelMention(e.channel_id),
  color: (e) => [h("span", { class: "swatch", style: /^#[0-9a-f]{3,8}$/i.test(e.value) ? `background:${e.value}` : null }), e.value],
  date: (e) => dated(e.timestamp, e.format),
  emoji: (e) => emoji(e.name),
  link: (e) => link(e.url, e.text || e.url),
  text: (e) => e.text,
  user: (e) => mention(e.user_id),
  usergroup: (e) => groupMention(e.usergroup_id),
};
const STYLES = { code: "code", bold: "strong", italic: "em", strike: "s", underline: "u" };

function leaf(element) {
  let node = (LEAVES[element.type] || (() => element.text || ""))(element);
  for (const [style, tag] of Object.entries(STYLES)) {
    if (element.style?.[style]) node = h(tag, {}, node);
  }
  return node;
}
