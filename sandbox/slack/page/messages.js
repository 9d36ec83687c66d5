// One message as a row, and a conversation as a list of rows.

import { blocks } from "./blocks.js";
import { avatar, clock, day, h, send } from "./dom.js";
import { files } from "./files.js";
import { icon } from "./icons.js";
import { openMenu } from "./popup.js";
import { shortcuts, state } from "./state.js";
import { emoji, mrkdwn, names } from "./text.js";

const QUICK_REACTIONS = ["+1", "white_check_mark", "eyes"];
const SAID_BY_SLACK = new Set(["channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_name"]);

const inOrder = (a, b) => a.ts - b.ts;
export const repliesTo = (channel, ts) => [...channel.messages.values()].filter((m) => m.thread_ts === ts && m.ts !== ts).sort(inOrder);

// A row is made again only when what it shows has changed, so that an opened box stays open.
const made = new WeakMap();
const chosen = new Map();

function row(channel, message, options) {
  const replies = options.inThread ? [] : repliesTo(channel, message.ts);
  const key = [names.me, options.compact, replies.length, replies.at(-1)?.ts].join();
  const kept = made.get(message) || {};
  const place = options.inThread ? "thread" : "channel";
  if (kept[place]?.key !== key) kept[place] = { key, node: drawn(channel, message, options) };
  made.set(message, kept);
  return kept[place].node;
}

function place(channel, message) {
  const key = `${names.me}/${channel.id}/${message.ts}`;
  if (!chosen.has(key)) chosen.set(key, {});
  const press = (actionId, value) => send("press", { user: names.me, channel: channel.id, ts: message.ts, action_id: actionId, value });
  return { values: chosen.get(key), press, channel: channel.id };
}

function drawn(channel, message, options) {
  const user = names.users.get(message.user);
  const { compact, inThread } = options;
  const marks = [message.is_ephemeral && "ephemeral", message.streaming_state === "in_progress" && "streaming", compact && "compact"];
  const by = [h("b", {}, user?.real_name || message.user), user?.is_bot && h("span", { class: "badge" }, "APP"), user?.team_id && h("span", { class: "badge" }, "EXTERNAL"), h("time", {}, clock(message.ts))];
  return h(
    "article",
    { class: ["message", ...marks.filter(Boolean)].join(" "), "data-ts": message.ts, "aria-label": `Message from ${user?.real_name}` },
    compact ? h("time", { class: "gutter" }, clock(message.ts).replace(/ [AP]M/, "")) : avatar(user),
    h(
      "div",
      { class: "content" },
      message.is_ephemeral && h("div", { class: "only-you" }, icon("eye"), "Only visible to you"),
      compact ? "" : h("div", { class: "by" }, by),
      message.subtype === "thread_broadcast" && !inThread && repliedTo(channel, message, options),
      body(channel, message),
      files(message),
      reactions(channel, message),
      inThread ? "" : summary(channel, message, options),
    ),
    message.is_ephemeral ? "" : toolbar(channel, message, options),
  );
}

function body(channel, message) {
  if (SAID_BY_SLACK.has(message.subtype)) return h("div", { class: "body said" }, mrkdwn(message.text));
  const edited = message.edited && !message.blocks && h("span", { class: "edited" }, " (edited)");
  const stop = () => send("stop", { user: names.me, channel: channel.id, ts: message.ts });
  const streaming = message.streaming_state === "in_progress" && h("button", { type: "button", class: "stop", onclick: stop }, h("span", { "aria-hidden": "true" }, "■"), "Stop");
  return h("div", { class: "body" }, message.blocks ? blocks(message.blocks, place(channel, message)) : message.text && mrkdwn(message.text), edited, streaming);
}

function repliedTo(channel, message, { openThread }) {
  const root = channel.messages.get(message.thread_ts);
  return h("div", { class: "replied" }, "replied to a thread: ", h("button", { type: "button", class: "quiet", onclick: () => openThread(message.thread_ts) }, root ? mrkdwn(root.text) : "the thread"));
}

function react(channel, message, name) {
  return send("react", { user: names.me, channel: channel.id, ts: message.ts, name });
}

function reactions(channel, message) {
  if (!message.reactions?.length) return "";
  return h("div", { class: "reactions" }, message.reactions.map((r) => {
    const who = r.users.map((id) => names.users.get(id)?.real_name || id).join(", ");
    const mine = r.users.includes(names.me);
    return h("button", { type: "button", class: `reaction ${mine ? "mine" : ""}`, title: `${who} reacted with :${r.name}:`, "aria-pressed": String(mine), onclick: () => react(channel, message, r.name) }, emoji(r.name), h("span", {}, String(r.count)));
  }));
}

function summary(channel, message, { openThread }) {
  const replies = repliesTo(channel, message.ts);
  if (!replies.length) return "";
  const people = [...new Set(replies.map((m) => m.user))].slice(0, 4);
  const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  const last = day(replies.at(-1).ts).replace(/^(Today|Yesterday)$/, (word) => word.toLowerCase());
  return h(
    "button",
    { type: "button", class: "summary", "aria-label": count, onclick: () => openThread(message.ts) },
    people.map((id) => avatar(names.users.get(id), "small")),
    h("b", {}, count),
    h("span", {}, `Last reply ${last} at ${clock(replies.at(-1).ts)}`),
  );
}

function toolbar(channel, message, { inThread, openThread }) {
  const items = shortcuts("message").map(({ name, callback_id }) => ({
    text: name,
    note: state.app.name,
    run: () => send("shortcut", { user: names.me, callback_id, channel: channel.id, ts: message.ts }),
  }));
  const more = (event) => openMenu(event.currentTarget, "More actions", items);
  return h(
    "div",
    { class: "toolbar" },
    QUICK_REACTIONS.map((name) => h("button", { type: "button", title: `React with :${name}:`, "aria-label": `React with ${name}`, onclick: () => react(channel, message, name) }, emoji(name))),
    inThread ? "" : h("button", { type: "button", title: "Reply in thread", "aria-label": "Open thread", onclick: () => openThread(message.ts) }, icon("reply")),
    items.length > 0 && h("button", { type: "button", title: "More actions", "aria-label": "More actions", "aria-haspopup": "menu", onclick: more }, icon("more")),
  );
}

const dividers = new Map();
function divider(kind, text) {
  const key = `${kind}/${text}`;
  if (!dividers.has(key)) dividers.set(key, h("div", { class: kind }, h("span", {}, text)));
  return dividers.get(key);
}

// Rows with dividers; messages of one person within five minutes stand under one name.
export function rows(channel, messages, options) {
  const out = [];
  let previous = null;
  for (const message of messages) {
    const newDay = !previous || day(previous.ts) !== day(message.ts);
    if (newDay && !options.inThread) out.push(divider("day", day(message.ts)));
    const alone = [previous, message].some((m) => !m || m.is_ephemeral || m.subtype === "thread_broadcast" || SAID_BY_SLACK.has(m.subtype));
    const compact = !alone && !newDay && previous.user === message.user && message.ts - previous.ts < 300 && !(options.inThread && previous.ts === options.root);
    out.push(row(channel, message, { ...options, compact }));
    if (options.inThread && message.ts === options.root && messages.length > 1) {
      out.push(divider("replies", messages.length === 2 ? "1 reply" : `${messages.length - 1} replies`));
    }
    previous = message;
  }
  return out;
}
