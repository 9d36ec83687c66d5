// The page: what is open, what the server tells, and what the person at the keyboard does.

import { drawComposer } from "./composer.js";
import { arrange, avatar, h } from "./dom.js";
import { drawHome, tabBar, tellOpened } from "./home.js";
import { icon } from "./icons.js";
import { repliesTo, rows } from "./messages.js";
import { closeModal, showModal, showModals } from "./modal.js";
import { channelMark, drawPeople, drawSidebar, sharedMark } from "./sidebar.js";
import { app, channel, query, remember, state, title } from "./state.js";
import { names } from "./text.js";

const MOST_ROWS = 200;
const STATUS_LIFETIME_MS = 120_000;
const $ = (selector) => document.querySelector(selector);
let socket = null;

const got = async (path) => (await fetch(path)).json();

async function load() {
  names.emoji = await got("/page/files/emoji.json");
  const people = await got("/page/people");
  names.me = people.some((p) => p.id === query.get("user")) ? query.get("user") : people[0]?.id;
  if (!names.me) return;
  const { mine, early } = await listening();
  const seen = await got(`/page/state?user=${encodeURIComponent(names.me)}`);
  if (mine !== socket) return;
  remember(seen, people);
  document.title = `${seen.team} · Slack`;
  for (const place of document.querySelectorAll(".team")) place.replaceChildren(seen.team);
  drawPeople();
  draw();
  showModals(seen.views);
  mine.onmessage = (event) => changed(JSON.parse(event.data));
  early.forEach(changed);
}

// Changes are heard before the state is asked for, and wait until it is there: none falls between.
function listening() {
  const mine = new WebSocket(`ws://${location.host}/page/changes?user=${encodeURIComponent(names.me)}`);
  const early = [];
  socket?.close();
  socket = mine;
  mine.onmessage = (event) => early.push(JSON.parse(event.data));
  mine.onclose = () => setTimeout(() => mine === socket && load(), 1000);
  return new Promise((resolve) => (mine.onopen = () => resolve({ mine, early })));
}

const CHANGES = {
  message: (c, change) => arrived(c, change.message),
  message_changed: (c, { message }) => c.messages.set(message.ts, message),
  message_deleted: (c, { ts }) => c.messages.delete(ts),
  ephemeral: (c, { message }) => c.ephemerals.set(message.ts, message),
  ephemeral_deleted: (c, { ts }) => c.ephemerals.delete(ts),
  reaction: (c, { ts, reactions }) => c.messages.set(ts, { ...c.messages.get(ts), reactions }),
  status: (c, { thread_ts, status }) => setStatus(c, thread_ts, status),
  member_joined_channel: (c, { member }) => (c.members = [...new Set([...c.members, member])]),
  member_left_channel: (c, { member }) => (c.members = c.members.filter((id) => id !== member)),
};

function changed(change) {
  if (change.type === "view") return showModal(change.view);
  if (change.type === "view_closed") return closeModal(change.view_id);
  if (change.type === "home") state.home = change.view;
  else if (!state.channels.has(change.channel)) return load();
  const c = state.channels.get(change.channel);
  CHANGES[change.type]?.(c, change);
  if (!c || c.id === state.current) draw();
}

function arrived(c, message) {
  c.messages.set(message.ts, message);
  if (c.id !== state.current) {
    state.unread.add(c.id);
    drawSidebar(openChannel);
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

function openChannel(c) {
  Object.assign(state, { current: c.id, thread: null });
  state.unread.delete(c.id);
  if (c.is_im) return openTab(state.app.has_home ? "home" : "messages");
  draw();
  $(".channel .composer textarea").focus();
}

function openTab(tab) {
  Object.assign(state, { tab, thread: null });
  draw();
  tellOpened(tab);
}

function openThread(ts) {
  state.thread = ts;
  draw();
  $(".thread .composer textarea")?.focus();
}

function closeThread() {
  state.thread = null;
  draw();
  $(".channel .composer textarea").focus();
}

function draw() {
  drawSidebar(openChannel);
  const c = channel();
  const atHome = c.is_im && state.tab === "home";
  const pane = $(".channel");
  const atEnd = isAtEnd(pane.querySelector(".messages"));
  $(".thread").hidden = !state.thread;
  document.body.classList.toggle("with-thread", Boolean(state.thread));
  pane.classList.toggle("at-home", atHome);
  pane.querySelector(".home").hidden = !atHome;
  if (atHome) drawHome(pane.querySelector(".home"));
  const roots = [...c.messages.values()].filter((m) => !m.thread_ts || m.subtype === "thread_broadcast" || !c.messages.has(m.thread_ts));
  drawPane(pane, c, {
    head: headOf(c),
    messages: sorted(roots, c, undefined).slice(-MOST_ROWS),
    key: `${names.me}/${c.id}`,
    label: c.is_im ? `Message ${title(c)}` : `Message #${c.name}`,
    threadTs: null,
    atEnd,
  });
  if (state.thread) drawThread(c);
}

function headOf(c) {
  if (c.is_im) return [avatar(app(), "small"), h("b", {}, title(c)), tabBar(openTab)];
  return [h("b", {}, channelMark(c), c.name), sharedMark(c), h("span", { class: "topic" }, c.topic), h("span", { class: "members" }, `${c.members.length} members`)];
}

function drawThread(c) {
  const root = c.messages.get(state.thread);
  const close = h("button", { type: "button", class: "close", "aria-label": "Close thread", onclick: closeThread }, icon("close"));
  drawPane($(".thread"), c, {
    head: [h("b", {}, "Thread"), h("span", { class: "topic" }, c.is_im ? title(c) : `#${c.name}`), close],
    messages: sorted([...(root ? [root] : []), ...repliesTo(c, state.thread)], c, state.thread),
    key: `${names.me}/${c.id}/${state.thread}`,
    label: "Reply in thread",
    threadTs: state.thread,
    atEnd: isAtEnd($(".thread .messages")),
  });
}

function sorted(messages, c, threadTs) {
  const mine = [...c.ephemerals.values()].filter((m) => (m.thread_ts || undefined) === threadTs);
  return [...messages, ...mine].sort((a, b) => a.ts - b.ts);
}

const isAtEnd = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < 80;

function drawPane(pane, c, { head, messages, key, label, threadTs, atEnd }) {
  const list = pane.querySelector(".messages");
  const same = pane.dataset.key === key;
  const collapsed = openDetails(list);
  pane.querySelector(".pane-head").replaceChildren(...head.filter(Boolean));
  arrange(list, rows(c, messages, { inThread: Boolean(threadTs), root: threadTs, openThread }));
  restoreDetails(list, same ? collapsed : new Map());
  const toEnd = () => (list.scrollTop = list.scrollHeight);
  if (atEnd || !same) {
    toEnd();
    for (const picture of list.querySelectorAll("img")) if (!picture.complete) picture.onload = toEnd;
  }
  const status = threadTs ? c.statuses[threadTs] : Object.values(c.statuses)[0];
  const typing = status ? [avatar(app(), "small"), h("span", {}, `${app().real_name} ${status}`)] : [];
  pane.querySelector(".typing").replaceChildren(...typing);
  if (!same) drawComposer(pane, c, label, threadTs, (ts) => threadTs || sentNow(c.id, ts));
  pane.dataset.key = key;
}

// What a person opened or closed stays so while messages are edited under their eyes.
const boxKey = (box) => `${box.closest(".message").dataset.ts}/${[...box.closest(".message").querySelectorAll("details")].indexOf(box)}`;
const openDetails = (list) => new Map([...list.querySelectorAll("details")].map((box) => [boxKey(box), box.open]));
function restoreDetails(list, open) {
  for (const box of list.querySelectorAll("details")) box.open = open.get(boxKey(box)) ?? box.open;
}

// The bot may have answered before the browser heard that the question was posted.
function sentNow(channelId, ts) {
  state.lastSent = ts;
  const answered = [...state.channels.get(channelId).messages.values()].some((m) => m.thread_ts === ts && m.user === state.bot);
  if (answered && channelId === state.current) openThread(ts);
}

$(".people").onchange = async (event) => {
  query.set("user", event.target.value);
  query.set("channel", state.current);
  history.replaceState(null, "", `?${query}`);
  Object.assign(state, { thread: null, lastSent: null });
  await load();
  if (channel().is_im) openTab(state.tab);
};

load();
