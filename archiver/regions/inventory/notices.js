// Disclaimers and copyright.

const isCapital = (value) => {
  const letters = value.replace(/[^\p{L}]/gu, '');
  return letters.length > 50 && letters.replace(/[^\p{Lu}]/gu, '').length > letters.length * 0.8;
};

const twice = (expression, value) => {
  const first = expression.exec(value);
  return has(expression, value.replaceAll(first[0], ' '));
};

const noticeScore = (i, given) => {
  const value = given.replace(permitted, ' ');
  const hits = {}, rules = [];
  for (const name in concept) hits[name] = has(concept[name], value);
  for (const name of options.alone) {
    if (!hits[name] || !twice(concept[name], value)) continue;
    hits.twice = true;
    rules.push(`${name} twice`);
  }
  let score = hits.twice ? 0.75 : options.alone.some((name) => hits[name]) ? 0.4 : 0;
  for (const [a, b, points] of options.notices) {
    if (!hits[a] || !hits[b] || a === 'reuse' && isCopyright(i, value) >= 0.7) continue;
    score = score ? Math.max(score, points) + 0.1 : points;
    rules.push(`${a} and ${b}`);
  }
  const name = value.search(concept.name), isTitled = value.search(concept.note) === 0 && has(/^[^.]{3,30}:/, value);
  if ((name >= 0 && name < 12) || isTitled) {
    score += 0.45;
    rules.push('named');
  }
  return { score, rules };
};

const SMALL = /^(small|em|i)$/;
const LEAD = / (?:small|note|legal|fineprint|fine|info|notice|hint|hinweis|disclosure|disclaimer) /;
const noticeAt = (i) => {
  const size = width(text(i, 4000));
  if (size < 28 || size > 3200) return null;
  const value = lower(i, 3200);
  const { score: base, rules } = noticeScore(i, value);
  let score = base;
  const give = (points, rule) => { score += points; if (rule) rules.push(rule); };
  const named = near(i, (j) => mark[j].disclaimer && chars(j) < chars(i) * 1.6 + 60);
  if (named >= 0) give(0.45, 'markup');
  if (!score) return null;
  if (SMALL.test(tag[i]) || (children(i).length === 1 && SMALL.test(tag[i + 1]))) give(0.15, 'small print');
  if (isCapital(text(i, 3200))) give(0.25, 'capitals');
  if (isBelow(i)) give(0.1, 'below');
  if (has(LEAD, mark[i].text)) give(0.1, 'markup');
  if (linkShare(i) > 0.5) give(-0.6);
  else if (sum('links', i) > 5) give(-0.3);
  const tells = tag[i] === 'p' && inArticle(i) && !isTail(i) && named < 0;
  const earns = ['affiliate and buying', 'commission and earning'].some((rule) => rules.includes(rule));
  if (tells && !earns) give(-0.35);
  const isLong = inArticle(i) ? size > 700 : size > 1000 && !isBelow(i) && !rules.includes('named');
  if (isLong) give(-0.2);
  if (has(/\{\{.*\}\}/, value)) give(-0.5); // a template that no script has filled
  if (near(i, (j) => mark[j].cookie || mark[j].newsletter || (tag[j] === 'form' && sum('fields', j) > 0)) >= 0) give(-0.3);
  return score >= 0.7 ? { kind: 'disclaimer', i, score, rules } : null;
};

const YEAR = /(?:19|20)\d\d|二〇|二零/;
const ABOUT_RIGHTS = new RegExp('(millennium )?copyright ' +
  '(act|law|polic\\w+|notice|complaint\\w*|infring\\w+|agent|claim\\w*|report\\w*|concern\\w*|violation\\w*)', 'g');
const CAPTION = / (caption|credit|photo|image|figure|bildunterschrift|legende) /;
const isCaption = (j) => /^(figure|figcaption|picture)$/.test(tag[j]) || has(CAPTION, mark[j].text);

const isCopyright = (i, given) => {
  const value = given.replace(ABOUT_RIGHTS, ' ');
  let score = 0;
  const sign = has(/[©ⓒ℗]|\(c\)\s*(?:19|20)?\d/i, value), word = has(said.copyright, value),
      rights = has(said.rights, value);
  if (!sign && !word && (!rights || followsRights(i))) return 0;
  if (sign) score += 0.55;
  if (word) score += 0.4;
  if (has(/^[\s\d|-]*(©|copyright|\(c\))/, value)) score += 0.15;
  if (rights) score += 0.5;
  if (has(YEAR, value)) score += 0.2;
  if (isBelow(i)) score += 0.2;
  if (near(i, (j) => mark[j].copyright && chars(j) < 700) >= 0) score += 0.25;
  if (inArticle(i) && !isTail(i)) score -= 0.45;
  // What is called a credit at the end of the page is no picture's.
  const caption = near(i, isCaption);
  if (caption >= 0 && (/^(figure|picture)$/.test(tag[caption]) || !isBelow(up[caption]))) score -= 0.7;
  if (linkShare(i) > 0.9 && value.length < 40 && !has(YEAR, value)) score -= 0.6;
  if (sign && !rights && !has(YEAR, value) && value.replace(/[©ⓒ]/g, '').trim().length < 3) score -= 0.5;
  return score;
};

// What comes after the line that says whose the rights are tells what others may do.
const followsRights = (i) => {
  const beside = few(up[i]).filter((j) => j < i && chars(j) > 3), last = beside[beside.length - 1];
  return last !== undefined && chars(last) < 120 && has(/©/, text(last, 120));
};

const copyrightIn = (i) => {
  if (chars(i) < 4) return;
  const line = lineIn(i);
  if (line >= 0) return add('copyright', line, isCopyright(line, lower(line, 900)), ['copyright words']);
  const value = lower(i, 1500), score = isCopyright(i, value);
  if (score < 0.7 || value.length > 900) return;
  let box = i;
  while (chars(box) < 14 && up[box] > 0 && chars(up[box]) < 220) box = up[box];
  add('copyright', box, score, ['copyright words']);
};

// The one line of a longer paragraph that is the notice.
const lineIn = (i) => {
  const parts = children(i).filter((j) => chars(j) > 3);
  if (chars(i) <= 220 && parts.length <= 4) return -1;
  const lines = parts.filter((j) => tag[j] !== 'a' && chars(j) >= 12 && isCopyright(j, lower(j, 900)) >= 0.7);
  return lines.length === 1 && chars(lines[0]) < chars(i) * 0.6 ? lines[0] : -1;
};

// What may be a notice: blocks without blocks in them, texts that stand beside blocks, and long parts of a line.
const isText = (i) => {
  if (leaf[i]) return true;
  const inline = !BLOCKS.has(tag[i]);
  // A line that stands in no block of its own, beside blocks.
  if (inline && own[i] > 3 && up[i] >= 0 && full[up[i]]) return true;
  if (own[i] <= 30) return false;
  if (full[i]) return inline || chars(i) < 1500;
  return inline && tag[i] !== 'a' && up[i] >= 0 && (full[up[i]] || (chars(i) > 60 && chars(i) < chars(up[i]) * 0.8));
};

const texts = () => {
  const found = [...indices()].filter(isText);
  // What is not the article's goes first, so that a long article leaves time for it.
  return [...found.filter((i) => !inArticle(i)), ...found.filter(inArticle)];
};

const findNotices = () => {
  const notices = new Map();
  let read = 0;
  for (const i of texts()) {
    if ((read += Math.min(chars(i), 3200)) > options.maxNotices) { partial = partial || 'text'; break; }
    if (late()) break;
    copyrightIn(i);
    const notice = notices.size < options.maxRegions ? noticeAt(i) : null;
    if (notice) notices.set(i, notice);
  }
  for (const i of indices()) {
    if (!mark[i].disclaimer || notices.has(i) || barred(i) || /^(a|li|button|body)$/.test(tag[i])) continue;
    if (chars(i) < 12 || chars(i) > 3000 || linkShare(i) > 0.5) continue;
    const seen = noticeScore(i, lower(i, 3200)), score = 0.5 + seen.score + (isBelow(i) ? 0.1 : 0);
    if (score >= 0.7) notices.set(i, { kind: 'disclaimer', i, score, rules: ['markup', ...seen.rules] });
  }
  titledNotices(notices);
  joinNotices(notices);
  for (const notice of notices.values()) found.push(notice);
};

// What stands under a heading that calls it a notice.
const titledNotices = (notices) => {
  for (const i of indices()) {
    if (!isHeading(i) || !(/^h[1-6]$/.test(tag[i]) || mark[i].heading) || sum('links', i)) continue;
    const value = lower(i, 70), hit = concept.name.exec(value) || concept.note.exec(value);
    if (!hit || hit[0].length < value.length * 0.6) continue;
    const box = near(up[i], (j) => chars(j) > chars(i) + 40);
    if (box > 0 && chars(box) < 3000 && !barred(box) && box !== article && from[i] - from[box] < 20 &&
        linkShare(box) < 0.4) {
      const inside = [...notices.keys()].filter((j) => within(j, box));
      inside.forEach((j) => notices.delete(j));
      notices.set(box, { kind: 'disclaimer', i: box, score: 0.85, rules: ['heading'] });
    }
  }
};

// Paragraphs of one notice become their parent, and a short heading before one comes with it.
const joinNotices = (notices) => {
  for (let again = true; again;) {
    again = false;
    for (const [i, notice] of [...notices]) {
      const parent = up[i];
      if (!notices.has(i) || parent <= 0 || barred(parent)) continue;
      if (notices.has(parent)) { keepBetter(notices, parent, i); again = true; continue; }
      const beside = children(parent).filter((j) => notices.has(j));
      const sumOf = beside.reduce((total, j) => total + chars(j), 0);
      const heading = chars(parent) - sumOf < 60 && from[beside[0]] - from[parent] > 0 &&
          to[parent] - to[beside[beside.length - 1]] < 30;
      const several = beside.length > 1 && sumOf > chars(parent) * 0.75;
      if ((heading || several) && chars(parent) < 4000 && !(inArticle(parent) && article === parent)) {
        const best = Math.max(...beside.map((j) => notices.get(j).score));
        beside.forEach((j) => notices.delete(j));
        notices.set(parent, { ...notice, i: parent, score: best });
        again = true;
      }
    }
  }
  for (const i of [...notices.keys()]) for (let j = up[i]; j >= 0; j = up[j]) if (notices.has(j) &&
      notices.has(i)) { keepBetter(notices, j, i); }
};
const keepBetter = (notices, outer, inner) => {
  if (chars(inner) < chars(outer) * 0.6 &&
      notices.get(inner).score >= notices.get(outer).score) notices.delete(outer); else notices.delete(inner);
};
