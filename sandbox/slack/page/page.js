// The page: what is open, what the server tells, and what the person at the keyboard does.

import { avatar, h, send } from "./dom.js";
import { closeModal, showModal } from "./modal.js";
import { repliesTo, rows } from "./messages.js";
import { names } from "./text.js";

const MOST_ROWS = 200;
const STATUS_LIFETIME_MS = 120_000;
const $ = (selector) => document.querySelector(selector);
const query = new URLSearchParams(location.search);

const state = { channels: new Map(), current: query.get("channel"), thread: null, lastSent: null, bot: "", unread: new Set() };
let socket = null;

async function load() {
  names.emoji = await (await fetch("/page/files/emoji.json")).json();
  const people = await (await fetch("/page/people")).json();
  names.me = people.some((p) => p.id === query.get("user")) ? query.get("user") : people[0]?.id;
  if (!names.me) return;
  const seen = await (await fetch(`/page/state?user=${encodeURIComponent(names.me)}`)).json();
  state.bot = seen.bot;
  names.users = new Map(seen.users.map((u) => [u.id, u]));
  state.channels.clear();
  for (const c of seen.channels) {
    state.channels.set(c.id, { ...c, messages: byTs(c.messages), ephemerals: byTs(c.ephemerals) });
    names.channels.set(c.id, c.name);
  }
  if (!state.channels.has(state.current)) state.current = state.channels.keys().next().value;
  document.title = `${seen.team} · Slack`;
  $(".team").replaceChildren(h("b", {}, seen.team));
  $(".people").replaceChildren(...people.map((p) => h("option", { value: p.id, selected: p.id === names.me }, p.real_name)));
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  draw();
  seen.views.forEach(showModal);
  listen();
}

const byTs = (messages) => new Map(messages.map((m) => [m.ts, m]));
const channel = () => state.channels.get(state.current);
const title = (c) => (c.is_im ? names.users.get(state.bot).real_name : `#${c.name}`);

function listen() {
  socket?.close();
  const mine = new WebSocket(`ws://${location.host}/page/changes?user=${encodeURIComponent(names.me)}`);
  socket = mine;
  mine.onmessage = (event) => changed(JSON.parse(event.data));
  mine.onclose = () => setTimeout(() => mine === socket && load(), 1000);
}

function changed(change) {
  if (change.type === "view") return showModal(change.view);
  if (change.type === "view_closed") return closeModal(change.view_id);
  const c = state.channels.get(change.channel);
  if (!c) return load();
  if (change.type === "message" || change.type === "message_changed") c.messages.set(change.message.ts, change.message);
  if (change.type === "message_deleted") c.messages.delete(change.ts);
  if (change.type === "ephemeral") c.ephemerals.set(change.message.ts, change.message);
  if (change.type === "ephemeral_deleted") c.ephemerals.delete(change.ts);
  if (change.type === "reaction") c.messages.set(change.ts, { ...c.messages.get(change.ts), reactions: change.reactions });
  if (change.type === "status") setStatus(c, change.thread_ts, change.status);
  if (change.type === "message") arrived(c, change.message);
  if (c.id === state.current) draw();
}

function arrived(c, message) {
  if (c.id !== state.current) {
    state.unread.add(c.id);
    drawSidebar();
  } else if (message.user === state.bot && message.thread_ts === state.lastSent) {
    state.thread = message.thread_ts;
  }
}

function setStatus(c, threadTs, status) {
  if (!status) return void delete c.statuses[threadTs];
  c.statuses[threadTs] = status;
  setTimeout(() => {
    if (c.statuses[threadTs] === status) changed({ type: "status", channel: c.id, thread_ts: threadTs, status: "" });
  }, STATUS_LIFETIME_MS);
}

function openChannel(id) {
  Object.assign(state, { current: id, thread: null });
  state.unread.delete(id);
  draw();
  $(".channel .composer textarea").focus();
}

function openThread(ts) {
  state.thread = ts;
  draw();
  $(".thread .composer textarea").focus();
}

function draw() {
  drawSidebar();
  const c = channel();
  const roots = [...c.messages.values()].filter((m) => !m.thread_ts || !c.messages.has(m.thread_ts));
  const members = c.is_im ? "" : h("span", { class: "members" }, `${c.members.length} members`);
  drawPane(".channel", c, {
    head: [h("b", {}, title(c)), h("span", { class: "topic" }, c.topic), members],
    messages: sorted(roots, c, undefined).slice(-MOST_ROWS),
    key: `${names.me}/${c.id}`,
    label: c.is_im ? `Message ${title(c)}` : `Message #${c.name}`,
    threadTs: null,
  });
  $(".thread").hidden = !state.thread;
  document.body.classList.toggle("with-thread", Boolean(state.thread));
  if (!state.thread) return;
  const root = c.messages.get(state.thread);
  const close = () => openChannel(c.id);
  drawPane(".thread", c, {
    head: [h("b", {}, "Thread"), h("span", { class: "topic" }, title(c)), h("button", { type: "button", class: "close", "aria-label": "Close thread", onclick: close }, "✕")],
    messages: sorted([...(root ? [root] : []), ...repliesTo(c, state.thread)], c, state.thread),
    key: `${names.me}/${c.id}/${state.thread}`,
    label: "Reply in thread",
    threadTs: state.thread,
  });
}

function sorted(messages, c, threadTs) {
  const mine = [...c.ephemerals.values()].filter((m) => m.thread_ts === threadTs);
  return [...messages, ...mine].sort((a, b) => a.ts - b.ts);
}

function drawPane(selector, c, { head, messages, key, label, threadTs }) {
  const pane = $(selector);
  const list = pane.querySelector(".messages");
  const same = pane.dataset.key === key;
  const atEnd = !same || list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const collapsed = openDetails(list);
  pane.querySelector(".pane-head").replaceChildren(...head);
  list.replaceChildren(...rows(c, messages, { inThread: Boolean(threadTs), openThread }));
  restoreDetails(list, same ? collapsed : new Map());
  if (atEnd) list.scrollTop = list.scrollHeight;
  const status = threadTs ? c.statuses[threadTs] : Object.values(c.statuses)[0];
  const typing = status ? [avatar(names.users.get(state.bot), "small"), h("span", {}, `${names.users.get(state.bot).real_name} ${status}`)] : [];
  pane.querySelector(".typing").replaceChildren(...typing);
  if (!same) drawComposer(pane, c, label, threadTs);
  pane.dataset.key = key;
}

// What a person opened or closed stays so while messages are edited under their eyes.
const boxKey = (box) => `${box.closest(".message").dataset.ts}/${[...box.closest(".message").querySelectorAll("details")].indexOf(box)}`;
const openDetails = (list) => new Map([...list.querySelectorAll("details")].map((box) => [boxKey(box), box.open]));
function restoreDetails(list, open) {
  for (const box of list.querySelectorAll("details")) box.open = open.get(boxKey(box)) ?? box.open;
}

function drawComposer(pane, c, label, threadTs) {
  const post = async (event) => {
    event?.preventDefault();
    const text = box.value.trim();
    if (!text) return;
    box.value = "";
    fit();
    const answer = await send("type", { user: names.me, channel: c.id, text, thread_ts: threadTs });
    if (answer.ts && !threadTs) sentNow(c, answer.ts);
  };
  const fit = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
    button.disabled = !box.value.trim();
  };
  const keys = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) post(event);
  };
  const box = h("textarea", { rows: 1, "aria-label": label, placeholder: threadTs ? "Reply…" : label, oninput: fit, onkeydown: keys });
  const button = h("button", { type: "submit", class: "send", "aria-label": "Send", disabled: true }, "➤");
  const form = pane.querySelector(".composer");
  form.onsubmit = post;
  form.replaceChildren(box, h("div", { class: "composer-foot" }, h("span", { class: "hint" }, "@crosstalk to ask · Shift+Enter for a new line"), button));
}

// The bot may have answered before the browser heard that the question was posted.
function sentNow(c, ts) {
  state.lastSent = ts;
  const answered = [...c.messages.values()].some((m) => m.thread_ts === ts && m.user === state.bot);
  if (answered && c.id === state.current) {
    state.thread = ts;
    draw();
  }
}

function drawSidebar() {
  const item = (c, icon) =>
    h("button", { type: "button", class: `conversation ${c.id === state.current ? "current" : ""} ${state.unread.has(c.id) ? "unread" : ""}`, "aria-current": c.id === state.current ? "page" : null, onclick: () => openChannel(c.id) }, icon, h("span", {}, c.is_im ? title(c) : c.name));
  const all = [...state.channels.values()];
  const channels = all.filter((c) => !c.is_im).sort((a, b) => a.name.localeCompare(b.name));
  $(".conversations").replaceChildren(
    h("h2", {}, "Channels"),
    ...channels.map((c) => item(c, h("span", { class: "hash", "aria-hidden": "true" }, "#"))),
    h("h2", {}, "Apps"),
    ...all.filter((c) => c.is_im).map((c) => item(c, avatar(names.users.get(state.bot), "small"))),
  );
}

$(".people").onchange = (event) => {
  query.set("user", event.target.value);
  query.set("channel", state.current);
  history.replaceState(null, "", `?${query}`);
  Object.assign(state, { thread: null, lastSent: null });
  load();
};

load();
