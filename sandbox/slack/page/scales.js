// The numbers along an axis, and how they and the categories are written.

const TICKS = 5;
const CHARACTER = 6.2;

// Round numbers from below the least value to above the greatest; `fromZero` begins at nought.
export function scale(values, fromZero) {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (fromZero || (low > 0 && low < high * 0.6)) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  if (low === high) [low, high] = low === 0 ? [0, 1] : [Math.min(low, 0), Math.max(high, 0)];
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((times) => times * power >= rough) * power;
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

export function number(value) {
  if (Math.abs(value) >= 100_000) return value.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 2 });
  return exact(value);
}

export const share = (part) => part.toLocaleString("en-US", { style: "percent", maximumFractionDigits: 1 });

// As it stands, to the hundredth: what a tick on an axis has no room for.
export const exact = (value) => value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 1 ? 4 : 2 });

// The categories as they fit: level, else slanted, with some left out if they stand too close.
// `height` is the room that they need, and `reach` how far the first one stands out to the left.
export function labels(categories, band) {
  const length = Math.max(...categories.map((category) => category.length)) * CHARACTER;
  if (length <= band - 6) return { shown: categories, slanted: false, height: 28, reach: 0 };
  const every = Math.ceil(14 / band);
  const shown = categories.map((category, index) => (index % every ? null : category));
  return { shown, slanted: true, height: 24 + length * 0.64, reach: length * 0.77 };
}
