// Slack's mrkdwn, turned into nodes; and the names that any text may mention.

import { h } from "./dom.js";

export const names = { users: new Map(), groups: new Map(), channels: new Map(), emoji: {}, me: "" };

const unescape = (text) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export const safe = (url) => /^(https?:|mailto:)/i.test(url);

export function link(url, label) {
  if (!safe(url)) return label;
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
}

export function picture(image) {
  return h("img", { src: /^https?:/i.test(image.image_url) ? image.image_url : null, alt: image.alt_text });
}

const mentioned = (text, mine) => h("span", { class: mine ? "mention mine" : "mention" }, text);

export const mention = (id) => mentioned(`@${names.users.get(id)?.real_name || id}`, id === names.me);
export const channelMention = (id, label) => mentioned(`#${names.channels.get(id) || label || id}`);
export const broadcast = (range) => mentioned(`@${range}`, true);
export function groupMention(id) {
  const group = names.groups.get(id);
  return mentioned(`@${group?.handle || id}`, group?.members.includes(names.me));
}

export function emoji(name) {
  const known = names.emoji[name.split("::")[0]];
  return known ? h("span", { class: "emoji", title: `:${name}:` }, known) : `:${name}:`;
}

const DATES = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "numeric", minute: "2-digit" },
  time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
};

export function dated(seconds, format) {
  const date = new Date(Number(seconds) * 1000);
  const shown = format.replace(/\{(\w+?)(?:_pretty)?\}/g, (whole, name) => (DATES[name] ? date.toLocaleString("en-US", DATES[name]) : whole));
  return h("time", { class: "date", datetime: date.toISOString() }, shown);
}

// Each rule: a pattern and what a match becomes. `inner` renders what is inside it.
const WORD = "(?<![\\w*_~`])";
const EMOJI = [/:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/, (m) => emoji(m[1])];
const SLACK = [
  [/```\n?([\s\S]+?)\n?```/, (m) => h("pre", {}, unescape(m[1]))],
  [/`([^`\n]+)`/, (m) => h("code", {}, unescape(m[1]))],
  [/<@(\w+)(?:\|[^>]*)?>/, (m) => mention(m[1])],
  [/<#(\w+)(?:\|([^>]*))?>/, (m) => channelMention(m[1], m[2])],
  [/<!(here|channel|everyone)[^>]*>/, (m) => broadcast(m[1])],
  [/<!subteam\^(\w+)[^>]*>/, (m) => groupMention(m[1])],
  [/<!date\^(\d+)\^([^|>^]*)[^|>]*\|[^>]*>/, (m) => dated(m[1], unescape(m[2]))],
  [/<((?:https?:|mailto:)[^|>\s]+)(?:\|([^>]*))?>/, (m) => link(unescape(m[1]), unescape(m[2] || m[1]))],
  [new RegExp(`${WORD}\\*(\\S(?:[^*\\n]*\\S)?)\\*(?!\\w)`), (m, inner) => h("strong", {}, inner(m[1]))],
  [new RegExp(`${WORD}_(\\S(?:[^_\\n]*\\S)?)_(?!\\w)`), (m, inner) => h("em", {}, inner(m[1]))],
  [new RegExp(`${WORD}~(\\S(?:[^~\\n]*\\S)?)~(?!\\w)`), (m, inner) => h("s", {}, inner(m[1]))],
  EMOJI,
];

export function inline(text, rules, literal = unescape) {
  const out = [];
  let rest = text;
  while (rest) {
    let first = null;
    for (const [pattern, make] of rules) {
      const match = pattern.exec(rest);
      if (match && (!first || match.index < first.match.index)) first = { match, make };
    }
    if (!first) break;
    out.push(literal(rest.slice(0, first.match.index)));
    out.push(first.make(first.match, (inner) => inline(inner, rules, literal)));
    rest = rest.slice(first.match.index + first.match[0].length);
  }
  out.push(literal(rest));
  return out;
}

// Lines that belong together become one list, quote or paragraph.
export function grouped(lines, kinds) {
  const groups = [];
  for (const line of lines) {
    const kind = kinds.find(([pattern]) => pattern.test(line)) || [null, "p"];
    const last = groups.at(-1);
    const content = kind[0] ? line.replace(kind[0], "") : line;
    if (last && last.kind === kind[1] && kind[1] !== "heading") last.lines.push(content);
    else groups.push({ kind: kind[1], lines: [content], line });
  }
  return groups;
}

export function mrkdwn(text) {
  const out = [];
  for (const part of text.split(/(```[\s\S]+?```)/)) {
    if (part.startsWith("```") && part.length > 6) out.push(...inline(part, SLACK));
    else if (part) out.push(...slackLines(part.replace(/^\n|\n$/g, "")));
  }
  return h("div", { class: "text" }, out);
}

const LINES = [[/^(?:&gt;|>) ?/, "blockquote"], [/^\s*[•\-*] +/, "ul"], [/^\s*\d+\. +/, "ol"]];

function slackLines(text) {
  return grouped(text.split("\n"), LINES).map(({ kind, lines }) =>
    kind === "ul" || kind === "ol"
      ? h(kind, {}, lines.map((line) => h("li", {}, inline(line, SLACK))))
      : h(kind, {}, inline(lines.join("\n"), SLACK)),
  );
}

export function plain(object) {
  return object ? inline(object.text, [EMOJI]) : "";
}

export function textObject(object) {
  return object.type === "mrkdwn" ? mrkdwn(object.text) : h("div", { class: "text" }, h("p", {}, plain(object)));
}
