// What the page knows, and what is open in it.

import { names } from "./text.js";

export const query = new URLSearchParams(location.search);
export const state = {
  team: "",
  bot: "",
  people: [],
  app: { name: "", commands: [], shortcuts: [], has_home: false },
  channels: new Map(),
  home: null,
  current: query.get("channel"),
  tab: "messages",
  thread: null,
  lastSent: null,
  unread: new Set(),
};

export const channel = () => state.channels.get(state.current);
export const app = () => names.users.get(state.bot);
export const title = (c) => (c.is_im ? app().real_name : c.name);

const byTs = (messages) => new Map(messages.map((m) => [m.ts, m]));

// Takes in everything that one person sees when the page opens.
export function remember(seen, people) {
  const atApp = channel()?.is_im;
  Object.assign(state, { team: seen.team, bot: seen.bot, app: seen.app, home: seen.home, people });
  names.users = new Map(seen.users.map((u) => [u.id, u]));
  names.groups = new Map(seen.groups.map((g) => [g.id, g]));
  names.channels = new Map(seen.channels.map((c) => [c.id, c.name]));
  state.channels = new Map(seen.channels.map((c) => [c.id, { ...c, messages: byTs(c.messages), ephemerals: byTs(c.ephemerals) }]));
  const first = [...state.channels.values()].find((c) => c.is_im || !atApp);
  if (!state.channels.has(state.current)) state.current = first.id;
}

export const shortcuts = (type) => state.app.shortcuts.filter((shortcut) => shortcut.type === type);
