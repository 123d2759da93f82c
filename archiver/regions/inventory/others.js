// Newsletter, comments, social, paywall, cookie.

// One of several items is but a part, and a heading before what is alone with it belongs to it.
const completed = (kind, i) => {
  const lone = aloneIn(i), parent = up[lone];
  if (parent <= 0 || barred(parent) || chars(parent) > chars(i) + 300) return i;
  if (tag[i] === 'li' && few(up[i]).filter((j) => mark[j][kind]).length > 1) return up[i];
  const parts = few(parent).filter((j) => j === lone || !isVoid(j));
  if (few(parent).length === MANY) return i;
  if (parts.length === 1 && tag[i].includes(':')) return parent;
  const head = parts.length === 2 && parts[1] === lone && sum('links', parts[0]) === 0 ? headIn(parts[0]) : -1;
  return head >= 0 && chars(head) <= 40 && leads(kind, head) ? parent : i;
};
// The children of an element, or as many as tell that there are many.
const MANY = 20;
const few = (i) => {
  const some = [];
  for (let j = i + 1; j < end[i] && some.length < MANY; j = end[j]) some.push(j);
  return some;
};
const isVoid = (i) => chars(i) + sum('links', i) + sum('pics', i) + sum('fields', i) === 0;
const leads = (kind, i) => isHeading(i) && (/^(h[1-6]|strong|b)$/.test(tag[i]) || mark[i].heading ||
    (kind === 'social' && has(said.share, lower(i, 40))));
// The outermost of the wrappers that hold nothing else.
const aloneIn = (i) => {
  let j = i;
  for (let k = 0; k < 4 && up[j] > 0 && !barred(up[j]) && chars(up[j]) === chars(j) &&
      few(up[j]).length < MANY && few(up[j]).every((other) => other === j || isVoid(other)); k++) j = up[j];
  return j;
};
const headIn = (i) => { let j = i; while (j + 1 < end[i] && chars(j + 1) === chars(i)) j++; return j; };

const outermost = (kind, fits) => {
  let skip = -1;
  for (const i of indices()) {
    if (i < skip || !mark[i][kind] || barred(i) || holdsTitle(i) ||
        /^(a|svg|button|input|label|h\d|span|i|img|option)$/.test(tag[i])) continue;
    const score = fits(i);
    if (score >= 0.7) { const box = completed(kind, kind === 'social' ? buttonsIn(i) : i); add(kind, box, score, ['markup']); skip = end[box]; }
  }
};

// The systems that sites embed, and several comments under one another.
const COMMENT_SYSTEM = / (fb comments|facebook comments|disqus|hyvor|spot im|openweb|coral|livefyre|vuukle|remark|viafoura|changyan|sohucs|cackle|hypercomments|intensedebate|giscus|utterances|commento) /;
const isThread = (i) => {
  const parts = children(i);
  const holder = parts.length === 1 ? children(parts[0]) : parts;
  return holder.filter((j) => mark[j].comments && chars(j) > 20).length >= 2;
};
const COUNTER = / (count|counter|link|number|icon|num|btn|button|off|policy|closed) /;
const NETWORK = / (facebook|fb|twitter|linkedin|pinterest|whatsapp|telegram|reddit|vk|vkontakte|instagram|youtube|tumblr|weibo|wechat|xing|flipboard|messenger|viber|odnoklassniki|hatena|line|kakao)(?= )/g;
const BESIDE_BAR = / (mailform|mail|break|shadow|overlay|modal|popup|counter|total) /;
const LOGIN = / (login|signin|sign in|sign up|signup|register|registration|account|oauth) /;
const SHARE_WIDGET = / (shariff|addthis|addtoany|a2a|sharethis|sharedaddy|jssocials|ssba|essb|bdsharebuttonbox|rrssb|share buttons|sharebuttons|ya share|likely) /;
const SHARING = / (share|sharing|shares|follow|sharedaddy|addthis|addtoany|shariff|essb) /;
const isQuoted = (i) => near(i, (j) => tag[j] === 'blockquote') >= 0 || tag[i + 1] === 'blockquote';
// To log in, to comment, or to send the article to a friend.
const isOtherForm = (i) => sum('secrets', i) > 0 || near(i, (j) => mark[j].comments || (mark[j].social &&
    !mark[j].newsletter)) >= 0 ||
  (sum('mail', i) > 0 && sum('fields', i) > 3) || has(/ (send|friend|mail article|sharing|login|comment\w*) /,
      mark[i].text);

const findOthers = () => {
  outermost('newsletter', (i) => {
    if (chars(i) > 1500 || sum('long', i) > 6 || isOtherForm(i) || (near(i, isChrome) >= 0 && sum('fields',
        i) === 0)) return 0;
    return 0.4 + (sum('mail', i) > 0 ? 0.4 : 0) + (has(said.newsletter, lower(i, 1500)) ? 0.35 : 0) - (chars(i) || sum('mail', i) ?
        0 : 0.3);
  });
  outermost('comments', (i) => {
    if (/^(p|textarea|li)$/.test(tag[i]) || near(i, (j) => mark[j].social && chars(j) < 500 && !mark[j].comments) >= 0) return 0;
    const spoken = has(said.comments, lower(i, 300));
    return (has(COUNTER, mark[i].text) ? 0.3 : 0.6) + (spoken ? 0.3 : 0) + (sum('fields', i) > 0 ? 0.2 :
        0) + (attribute(nodes[i], 'id') ? 0.15 : 0) +
      (has(COMMENT_SYSTEM, mark[i].text) ? 0.2 : 0) + (isThread(i) ? 0.3 : 0) -
      (sum('long', i) > 3 && linkShare(i) > 0.4 ? 0.6 : 0) - (chars(i) > 0 && chars(i) < 12 && !spoken ? 0.5 : 0);
  });
  outermost('social', (i) => {
    if (chars(i) > 500 || (sum('long', i) > 4 && sum('social', i) < 3) || tag[i] === 'p' || isQuoted(i)) return 0;
    if (near(i, (j) => has(LOGIN, mark[j].text) && chars(j) < 600) >= 0) return 0;
    const shown = Math.max(sum('social', i), networksNamed(i));
    return 0.35 + Math.min(0.4, 0.2 * shown) + (isBar(i) ? 0.25 : 0) + (has(said.share, lower(i, 200)) ? 0.3 :
        0) + (has(SHARING, mark[i].text) ? 0.25 : 0) +
      (children(i).length >= 2 || sum('items', i) > 1 ? 0.1 : -0.1) - (shown === 0 && sum('links', i) > 1 ? 0.3 : 0);
  });
  outermost('paywall', (i) => (chars(i) < 1500 && has(said.paywall, lower(i, 900)) ? 0.8 : 0));
  outermost('cookie', (i) => (chars(i) < 12000 && chars(i) > 50 && has(said.cookie, lower(i, 1500)) ? 0.9 : 0));
  networks();
  signups();
  headedComments();
  commentCalls();
};

const isKnown = (kind, i) => found.some((one) => one.kind === kind && (within(i, one.i) || within(one.i, i)));

// What stands under a heading that says no more than that there are comments.
const headedComments = () => {
  for (const i of indices()) {
    if (!/^h[1-6]$/.test(tag[i]) || chars(i) > 40 || near(i, (j) => isChrome(j) || mark[j].social || tag[j] === 'a') >= 0) continue;
    const value = lower(i, 40).replace(/[\s\d():.,·|]+/g, ' ').trim(), hits = value.match(said.comments) || [];
    if (!value || hits.join('').length < value.length * 0.7) continue;
    const box = near(up[i], (j) => chars(j) > chars(i) + 8);
    if (box > 0 && !barred(box) && box !== article && from[i] - from[box] < 20 && chars(box) < 20000 &&
        !isKnown('comments', box)) add('comments', box, 0.75, ['heading']);
  }
};

// How many networks the names of an element's parts name: buttons are seldom links.
const networksNamed = (i) => {
  const names = new Set();
  for (let j = i + 1; j < Math.min(end[i], i + 80); j++) if (mark[j].network) {
    for (const name of mark[j].text.match(NETWORK) || []) names.add(name);
  }
  return names.size;
};
// A place that a script of the common share widgets fills.
const isBar = (i) => chars(i) === 0 && end[i] === i + 1 && has(SHARE_WIDGET, mark[i].text) && !has(BESIDE_BAR, mark[i].text);

// The part of a box of tools that holds all of the buttons.
const buttonsIn = (i) => {
  for (let j = i; ;) {
    const all = networksNamed(j), held = all > 1 ? children(j).find((k) => networksNamed(k) === all) : undefined;
    const tools = held !== undefined && children(j).some((k) => k > held && sum('links', k) + sum('items', k) > 0);
    if (!tools || sum('social', held) !== sum('social', j)) return j;
    j = held;
  }
};

// A link that leads to comments which are not on the page.
const commentCalls = () => {
  for (const i of indices()) {
    if (!own[i] || chars(i) > 60 || near(i, (j) => isChrome(j) || mark[j].social) >= 0) continue;
    const value = lower(i, 60), hit = value.match(said.comment_calls);
    if (!hit || hit[0].length < value.length * 0.6) continue;
    const box = labelled(i);
    if (!found.some((one) => one.kind === 'comments' && (within(box, one.i) || within(one.i,
        box)))) add('comments', box, 0.75, ['call to comment']);
  }
};

// The innermost element that holds all of the links to networks.
const holderOf = (i) => {
  for (let j = i; ;) {
    const held = children(j).find((k) => sum('social', k) === sum('social', i));
    if (held === undefined || tag[held] === 'a') return j;
    j = held;
  }
};

// Links to several networks that nothing names so.
const networks = () => {
  const taken = found.filter((one) => one.kind === 'social');
  let skip = -1;
  for (const i of indices()) {
    if (i < skip || sum('social', i) < 2 || barred(i) || holdsTitle(i) || !BLOCKS.has(tag[i]) ||
        taken.some((one) => within(one.i, i) || within(i, one.i))) continue;
    if (sum('social', i) >= sum('links', i) * 0.6 && chars(i) < 300 && chars(i) - sum('link', i) < 60 &&
        !isQuoted(i)) { add('social', completed('social', holderOf(i)), 0.4 + 0.15 * sum('social', i), ['links to networks']); skip = end[i]; }
  }
};

const SIGNS_UP = /\bnewsletters?\b|list-manage\.com|\bnieuwsbrief\b/i;
const signups = () => {
  const isTaken = (i) => found.some((one) => /newsletter|comments/.test(one.kind) && (within(i, one.i) ||
      within(one.i, i)));
  for (const i of indices()) {
    if (tag[i] !== 'form' || sum('mail', i) < 1 || isOtherForm(i) || isTaken(i)) continue;
    let box = i;
    while (up[box] > 0 && chars(up[box]) < 500 && !barred(up[box]) && sum('long', up[box]) < 2 &&
        !has(said.newsletter, lower(box, 500))) box = up[box];
    if (has(said.newsletter, lower(box, 500))) add('newsletter', box, 0.8, ['form']);
    else if (has(SIGNS_UP, attribute(nodes[i], 'action') || '')) add('newsletter', i, 0.75, ['address of a form']);
  }
  for (const i of indices()) {
    if (!isHeading(i) || !(/^h[1-6]$/.test(tag[i]) || mark[i].heading) || !has(said.newsletter, lower(i, 80)) ||
        near(i, (j) => isChrome(j) || tag[j] === 'a') >= 0) continue;
    const box = near(up[i], (j) => sum('fields', j) > 0 || sum('links', j) > 0);
    if (box > 0 && chars(box) < 600 && !barred(box) && sum('long', box) < 3 && !isOtherForm(box) &&
        !isTaken(box)) add('newsletter', box, 0.75, ['heading']);
  }
};
