"""Style sheet and script of the page that browses a dataset.

The script makes elements and sets their text; it never parses data as HTML. The page's content security policy allows
this script alone, by its hash, and no connection.
"""

from __future__ import annotations

PAGE_STYLE = """
:root{color-scheme:light dark}
body{margin:0;background:Canvas;color:CanvasText}
.annokit{max-width:none}
.annokit-page{display:grid;grid-template-columns:230px minmax(0,1fr);min-height:100vh}
.annokit-side{padding:14px;border-inline-end:1px solid rgba(128,128,128,.35)}
.annokit-side h1{font-size:1.15em;margin:0 0 8px;overflow-wrap:anywhere}
.annokit-side h2{font-size:1em;margin:14px 0 4px}
.annokit-side label{display:flex;align-items:baseline;gap:4px;overflow-wrap:anywhere}
.annokit-side label span:last-child:not(:nth-child(2)){margin-inline-start:auto;padding-inline-start:6px;flex:none}
.annokit-side .annokit-swatch{flex:none;margin:0 2px 0 0}
.annokit-choices{max-height:40vh;overflow:auto}
.annokit-side input[type=search],.annokit-side select{width:100%;font:inherit}
.annokit-main{padding:14px}
.annokit-pager{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin-bottom:12px}
.annokit-cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:14px;align-items:start}
.annokit-card{border:1px solid rgba(128,128,128,.35);border-radius:4px;padding:8px;min-width:0}
.annokit-card.annokit-large{grid-column:1/-1}
.annokit-card .annokit-picture{margin:0 auto;cursor:zoom-in}
.annokit-card:not(.annokit-large) .annokit-picture{max-height:240px}
.annokit-card .annokit-name{overflow-wrap:anywhere;font-weight:600;margin-top:4px}
.annokit-large .annokit-picture{width:auto!important;max-height:85vh;max-width:100%;cursor:zoom-out}
.annokit-large .annokit-picture img{object-fit:fill}
.annokit-none{display:grid;place-items:center;min-height:90px;background:rgba(128,128,128,.12)}
.annokit-chips{display:flex;flex-wrap:wrap;gap:2px 10px}
.annokit-card:not(.annokit-large) .annokit-chips{max-height:6.5em;overflow:auto}
.annokit-chips span{overflow-wrap:anywhere;min-width:0}
@media (max-width:700px){.annokit-page{display:block}.annokit-side{border:0}}
""".strip()

SCRIPT = """
'use strict';
const data = JSON.parse(document.getElementById('annokit-data').textContent);
const get = id => document.getElementById('annokit-' + id);
const make = (tag, name, text) => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
};
const size = 48;
let page = 0, found = [];
const chosen = new Set();
const number = n => n.toLocaleString('en-US');
const items = n => `${number(n)} ${n === 1 ? 'item' : 'items'}`;

function swatch(place) {
  const made = make('span', 'annokit-swatch');
  made.style.background = data.labels[place][1];
  return made;
}
function entry(list, place, count) {
  const label = make('label'), box = make('input'), name = make('bdi', '', data.labels[place][0]);
  box.type = 'checkbox';
  box.addEventListener('change', () => {
    if (box.checked) chosen.add(place); else chosen.delete(place);
    filter();
  });
  label.append(box, swatch(place), name, make('span', 'annokit-dim', number(count)));
  list.append(label);
}
function options(select, names) {
  select.append(new Option('all', ''));
  names.forEach((name, place) => select.append(new Option(name, place)));
  select.addEventListener('change', filter);
}
function matches(row) {
  const status = get('status').value, split = get('split').value, words = get('words').value.toLowerCase();
  if (status !== '' && data.status[row] !== Number(status)) return false;
  if (split !== '' && data.split[row] !== Number(split)) return false;
  if (get('pictured').checked && !pictured.has(row)) return false;
  if (chosen.size) {
    let any = false;
    for (let i = data.starts[row]; i < data.starts[row + 1] && !any; i++) any = chosen.has(data.label[i]);
    if (!any) return false;
  }
  return !words || data.names[row].toLowerCase().includes(words);
}
function filter() {
  found = [];
  for (let row = 0; row < data.names.length; row++) if (matches(row)) found.push(row);
  page = 0;
  show();
}
function card(row) {
  const made = make('div', 'annokit-card'), chips = make('div', 'annokit-chips');
  const template = get('p' + row);
  if (template) {
    made.append(template.content.cloneNode(true));
    made.firstElementChild.addEventListener('click', () => made.classList.toggle('annokit-large'));
    if (chosen.size) for (const shape of made.querySelectorAll('.annokit-shape')) {
      const place = Array.from(shape.classList).find(name => /^annokit-l[0-9]+$/.test(name));
      if (!place || !chosen.has(Number(place.slice(9)))) shape.style.display = 'none';
    }
  } else made.append(make('div', 'annokit-none annokit-dim', 'picture not in this page'));
  made.append(make('div', 'annokit-name'));
  made.lastChild.append(make('bdi', '', data.names[row]));
  const facts = [data.sizes[data.size[row]], data.splits[data.split[row]], data.statuses[data.status[row]]];
  made.append(make('div', 'annokit-dim', facts.filter(fact => fact).join(' \\u00b7 ')), chips);
  for (let i = data.starts[row]; i < data.starts[row + 1]; i++) {
    const chip = make('span');
    chip.append(swatch(data.label[i]), make('bdi', '', data.labels[data.label[i]][0]));
    chip.append(make('span', 'annokit-dim', ' ' + number(data.count[i])));
    chips.append(chip);
  }
  return made;
}
function show() {
  const pages = Math.max(Math.ceil(found.length / size), 1), from = page * size, rows = found.slice(from, from + size);
  get('cards').replaceChildren(...rows.map(card));
  get('place').textContent = found.length
    ? `${number(from + 1)} to ${number(from + rows.length)} of ${items(found.length)}` : 'no item matches';
  get('back').disabled = page === 0;
  get('next').disabled = page >= pages - 1;
}
const pictured = new Set(data.pictured);
data.totals.forEach(([place, count]) => entry(get('labels'), place, count));
options(get('status'), data.statuses.map(name => name || 'unknown'));
options(get('split'), data.splits.map(name => name || 'none'));
get('words').addEventListener('input', filter);
get('pictured').addEventListener('change', filter);
get('back').addEventListener('click', () => { page--; show(); });
get('next').addEventListener('click', () => { page++; show(); });
filter();
""".strip()
