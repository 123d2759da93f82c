// Questions about an element that several kinds of regions ask.

const chars = (i) => Math.max(0, to[i] - from[i] - 1);
const text = (i, most = 20000) => (chars(i) ? whole.slice(from[i], Math.min(to[i] - 1, from[i] + most)) : '');
const sum = (name, i) => stop[name][i] - start[name][i];
const within = (i, j) => j <= i && i < end[j];
const near = (i, wanted) => {
  for (let j = i; j > 0 && !(holdsArticle(j) && j !== i); j = up[j]) if (wanted(j)) return j;
  return -1;
};
const children = (i) => { const found = []; for (let j = i + 1; j < end[i]; j = end[j]) found.push(j);
    return found; };
const plainly = (value) => value.toLowerCase().replace(/\u0307/g, '').replace(/[’‘ʼ`´]/g, "'").replace(/\u00a0/g,
    ' ');
const lower = (i, most) => plainly(text(i, most));
const late = () => performance.now() - began > options.maxMs && (partial = partial || 'time') !== '';
function* indices() {
  for (let i = 0; i < count; i++) {
    if (i % 128 === 0 && late()) return;
    yield i;
  }
}
const isChrome = (j) => tag[j] === 'nav' || mark[j].chrome;

// The element whose own paragraphs hold most text.
const findArticle = () => {
  const held = new Map();
  for (const i of indices()) if (tag[i] === 'p' && up[i] >= 0) {
    const share = chars(i) - sum('link', i);
    for (let j = up[i], k = 0; j >= 0 && k < 3; j = up[j], k++) held.set(j, (held.get(j) ||
        0) + share / (1 + k * 0.4));
  }
  let best = -1, most = 400;
  for (const [i, size] of held) if (size > most) { best = i; most = size; }
  return best;
};
const article = findArticle();
// The page's title among its first-rank headings: the one that shares most words with the document's.
const findTitle = () => {
  const words = new Set(titleOf(document).toLowerCase().split(/[^\p{L}\p{N}]+/u));
  let best = -1, most = -1;
  for (const i of indices()) if (tag[i] === 'h1') {
    const shared = lower(i, 300).split(/[^\p{L}\p{N}]+/u).filter((word) => words.has(word)).length;
    if (shared > most) { best = i; most = shared; }
  }
  return best;
};
const title = findTitle();
const holdsTitle = (i) => title >= 0 && within(title, i);
const inArticle = (i) => article >= 0 && i > article && i < end[article];
const isTail = (i) => article >= 0 && from[i] > from[article] + (to[article] - from[article]) * 0.8;
const isBelow = (i) => near(i, (j) => tag[j] === 'footer' || mark[j].below) >= 0;
const holdsArticle = (i) => article >= 0 && within(article, i) && chars(article) > 300;

const found = [];
const add = (kind, i, score, rules, more = {}) => { found.push({ kind, i, score, rules, ...more }); };
