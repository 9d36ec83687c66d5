// One message as a row, and a conversation as a list of rows.

import { avatar, clock, day, h, send } from "./dom.js";
import { blocks } from "./blocks.js";
import { emoji, mrkdwn, names } from "./text.js";

const QUICK_REACTIONS = ["+1", "white_check_mark", "eyes"];

export function repliesTo(channel, ts) {
  return [...channel.messages.values()].filter((m) => m.thread_ts === ts && m.ts !== ts).sort((a, b) => a.ts - b.ts);
}

// A row is made again only when what it shows has changed, so that an opened box stays open.
const made = new WeakMap();

function row(channel, message, options) {
  const replies = options.inThread ? [] : repliesTo(channel, message.ts);
  const key = [names.me, options.compact, replies.length, replies.at(-1)?.ts].join();
  const kept = made.get(message) || {};
  const place = options.inThread ? "thread" : "channel";
  if (kept[place]?.key !== key) kept[place] = { key, node: drawn(channel, message, options) };
  made.set(message, kept);
  return kept[place].node;
}

function drawn(channel, message, { inThread, compact, openThread }) {
  const user = names.users.get(message.user);
  const act = (actionId, value) => send("press", { user: names.me, channel: channel.id, ts: message.ts, action_id: actionId, value });
  const body = message.blocks ? blocks(message.blocks, act) : [mrkdwn(message.text)];
  const edited = message.edited && !message.bot_id ? h("span", { class: "edited" }, "(edited)") : "";
  return h(
    "article",
    { class: `message ${compact ? "compact" : ""} ${message.is_ephemeral ? "ephemeral" : ""}`, "data-ts": message.ts, "aria-label": `Message from ${user?.real_name}` },
    compact ? h("time", { class: "gutter" }, clock(message.ts).replace(/ [AP]M/, "")) : avatar(user),
    h(
      "div",
      { class: "content" },
      compact ? "" : h("div", { class: "by" }, h("b", {}, user?.real_name || message.user), user?.is_bot ? h("span", { class: "badge" }, "APP") : "", h("time", {}, clock(message.ts))),
      message.is_ephemeral ? h("div", { class: "only-you" }, "Only visible to you") : "",
      h("div", { class: "body" }, body, edited),
      reactions(channel, message),
      inThread ? "" : summary(channel, message, openThread),
    ),
    message.is_ephemeral ? "" : toolbar(channel, message, inThread, openThread),
  );
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

function summary(channel, message, openThread) {
  const replies = repliesTo(channel, message.ts);
  if (!replies.length) return "";
  const people = [...new Set(replies.map((m) => m.user))].slice(0, 4);
  const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  return h(
    "button",
    { type: "button", class: "summary", "aria-label": count, onclick: () => openThread(message.ts) },
    people.map((id) => avatar(names.users.get(id), "small")),
    h("b", {}, count),
    h("span", {}, `Last reply ${day(replies.at(-1).ts).replace(/^(Today|Yesterday)/, (word) => word.toLowerCase())} at ${clock(replies.at(-1).ts)}`),
  );
}

function toolbar(channel, message, inThread, openThread) {
  return h(
    "div",
    { class: "toolbar" },
    QUICK_REACTIONS.map((name) => h("button", { type: "button", title: `React with :${name}:`, "aria-label": `React with ${name}`, onclick: () => react(channel, message, name) }, emoji(name))),
    inThread ? "" : h("button", { type: "button", title: "Reply in thread", "aria-label": "Open thread", onclick: () => openThread(message.ts) }, "💬"),
  );
}

// Rows with day dividers; messages of one person within five minutes stand under one name.
export function rows(channel, messages, options) {
  const out = [];
  let previous = null;
  for (const message of messages) {
    const newDay = !previous || day(previous.ts) !== day(message.ts);
    if (newDay && !options.inThread) out.push(h("div", { class: "day" }, h("span", {}, day(message.ts))));
    const compact = Boolean(previous) && !newDay && previous.user === message.user && !previous.is_ephemeral && !message.is_ephemeral && message.ts - previous.ts < 300;
    out.push(row(channel, message, { ...options, compact }));
    previous = message;
  }
  return out;
}
