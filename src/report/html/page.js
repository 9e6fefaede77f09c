"use strict";
(async () => {
const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
// Every text goes in as text: nothing here ever parses HTML.
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const si = bytes => {
  if (bytes < 1000) return `${bytes} B`;
  let unit = 1000;
  for (const name of ["kB", "MB", "GB", "TB", "PB"]) {
    for (const [digits, part] of [[2, 100], [1, 10], [0, 1]]) {
      const rounded = Math.floor((bytes * part + unit / 2) / unit);
      if (rounded < 1000) {
        const text = (rounded / part).toFixed(digits);
        return `${digits === 2 && text.endsWith("0") ? text.slice(0, -1) : text} ${name}`;
      }
    }
    unit *= 1000;
  }
};
const percent = (part, whole) => !whole || !part ? "–" : part / whole < 0.0005 ? "<0.1 %" : `${(part * 100 / whole).toFixed(1)} %`;

const packed = Uint8Array.from(atob($("#data").textContent.trim()), c => c.charCodeAt(0));
const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
const data = JSON.parse(await new Response(unpacked).text());
document.body.classList.add("js");

// ---- what is shown; the address holds all of it, so that a link shows the same
const state = { image: 0, unit: "content", group: "packages", colour: "category", trail: [], query: "" };
const read = () => {
  const hash = new URLSearchParams(location.hash.slice(1));
  const one = (name, known, other) => known.includes(hash.get(name)) ? hash.get(name) : other;
  const image = data.images.findIndex(image => image.id === hash.get("image"));
  state.image = image < 0 ? data.images.length - 1 : image;
  if (image < 0 && !data.change) state.image = 0;
  state.unit = one("unit", ["content", "transfer"], "content");
  state.group = one("group", ["packages", "layers", "directories"], "packages");
  state.colour = one("colour", ["category", "change"], "category");
  state.trail = hash.getAll("at");
  state.query = hash.get("find") ?? "";
};
const write = push => {
  const hash = new URLSearchParams();
  if (data.images.length > 1) hash.set("image", data.images[state.image].id);
  for (const name of ["unit", "group", "colour"]) hash.set(name, state[name]);
  for (const step of state.trail) hash.append("at", step);
  if (state.query) hash.set("find", state.query);
  history[push ? "pushState" : "replaceState"](null, "", `#${hash}`);
};

// ---- the tree of one image: groups, then directories, then files
const trees = new Map();
const node = (name, parent) => ({ name, parent, content: 0, transfer: 0, files: 0, kids: new Map(), cats: null, cat: -1, hit: 0, key: "" });
const tree = () => {
  const id = `${state.image} ${state.group}`;
  if (!trees.has(id)) trees.set(id, build(data.images[state.image], state.group));
  return trees.get(id);
};
function build(image, group) {
  const root = node(image.name, null);
  root.entries = [];
  if (!image.files) {
    for (const owner of image.owners) {
      const at = below(below(root, owner[1] || "unowned"), owner[0]);
      add(at, owner[2], owner[3], owner[4], -1);
    }
    return root;
  }
  const f = image.files;
  const parents = [];
  f.parents.forEach((step, at) => parents.push(at + 1 - step));
  const paths = new Map();
  const pathOf = at => {
    if (at === 0) return "";
    if (!paths.has(at)) paths.set(at, `${pathOf(parents[at - 1])}/${f.names[at - 1]}`);
    return paths.get(at);
  };
  const cache = new Map();
  const directory = (top, key, at) => {
    if (at === 0) return top;
    const id = key * (f.names.length + 1) + at;
    let found = cache.get(id);
    if (!found) {
      found = below(directory(top, key, parents[at - 1]), f.names[at - 1]);
      found.path = pathOf(at);
      cache.set(id, found);
    }
    return found;
  };
  let path = 0;
  for (let i = 0; i < f.path.length; i++) {
    path += f.path[i];
    const hidden = f.hidden[i];
    const owner = f.owners[f.owner[i]];
    let top, key;
    if (group === "layers") {
      const layer = image.layers[f.layer[i] - 1];
      top = below(root, `${f.layer[i]}  ${layer ? layer.made : ""}`);
      if (hidden) top = below(top, `hidden by layer ${hidden}`);
      key = (f.layer[i] * 1000 + hidden);
    } else if (hidden) {
      top = below(below(root, "wasted: ships and cannot be seen"), `layer ${f.layer[i]}, hidden by layer ${hidden}`);
      key = 100000 + f.layer[i] * 1000 + hidden;
    } else if (group === "packages") {
      const colon = owner.indexOf(":");
      top = below(root, colon < 0 ? owner : owner.slice(0, colon));
      if (colon >= 0) { top = below(top, owner.slice(colon + 1)); top.owner = owner; }
      key = f.owner[i] + 100000000;
    } else {
      top = root; key = 99999;
    }
    let at = directory(top, key, path);
    const count = f.kind[i] === 0 ? (f.count ? f.count[i] : 1) : 0;
    if (f.count && f.count[i] > 1) at = below(at, `(${f.count[i]} small files)`);
    if (f.content[i] === 0 && f.transfer[i] === 0 && !count) continue;
    add(at, f.content[i], f.transfer[i], count, f.category[i]);
    root.entries.push([at, f.content[i], f.transfer[i], pathOf(path), owner, hidden, f.layer[i], f.category[i]]);
  }
  if (image.overhead) add(below(root, "ends of tars, compression"), 0, image.overhead, 0, -1);
  settle(root);
  return root;
}
function below(parent, name) {
  let kid = parent.kids.get(name);
  if (!kid) { kid = node(name, parent); parent.kids.set(name, kid); }
  return kid;
}
function add(at, content, transfer, files, category) {
  for (; at; at = at.parent) {
    at.content += content; at.transfer += transfer; at.files += files;
    if (category >= 0) {
      if (at.cats) at.cats.set(category, (at.cats.get(category) ?? 0) + content);
      else if (at.cat < 0) { at.cat = category; at.only = (at.only ?? 0) + content; }
      else if (at.cat === category) at.only += content;
      else at.cats = new Map([[at.cat, at.only], [category, content]]);
    }
  }
}
// A directory with one child and nothing else is one step with it.
function settle(at) {
  for (const [name, kid] of [...at.kids]) {
    let last = kid;
    const names = [kid.name];
    while (kid.path && last.kids.size === 1) {
      const [only] = last.kids.values();
      if (only.kids.size === 0 || only.content !== last.content || only.transfer !== last.transfer) break;
      last = only; names.push(only.name);
    }
    if (last !== kid) {
      last.name = names.join("/"); last.parent = at;
      at.kids.delete(name); at.kids.set(last.name, last);
    }
    settle(last);
  }
  if (at.cats) at.cat = [...at.cats].reduce((a, b) => b[1] > a[1] ? b : a)[0];
}

// ---- the squarified layout (Bruls, Huizing, van Wijk): rows as near to squares as they get
function squarify(items, x, y, w, h) {
  const total = items.reduce((sum, item) => sum + item.size, 0);
  const out = [];
  if (!total || w <= 0 || h <= 0) return out;
  const scale = w * h / total;
  let at = 0;
  while (at < items.length) {
    const side = Math.min(w, h);
    let row = 0, end = at, worst = Infinity, most = 0, least = Infinity;
    while (end < items.length) {
      const area = items[end].size * scale;
      const sum = row + area, large = Math.max(most, area), small = Math.min(least, area);
      const next = Math.max(side * side * large / (sum * sum), sum * sum / (side * side * small));
      if (next > worst) break;
      worst = next; row = sum; most = large; least = small; end++;
    }
    const thick = row / side;
    let along = 0;
    for (; at < end; at++) {
      const length = items[at].size * scale / thick;
      out.push(w >= h ? [items[at], x, y + along, thick, length] : [items[at], x + along, y, length, thick]);
      along += length;
    }
    if (w >= h) { x += thick; w -= thick; } else { y += thick; h -= thick; }
  }
  return out;
}

const map = $("#map"), status = $("#status");
let current, tiles = [];
const sizeOf = at => at[state.unit];
const kidsOf = at => [...at.kids.values()].filter(kid => sizeOf(kid) > 0).sort((a, b) => sizeOf(b) - sizeOf(a) || (a.name < b.name ? -1 : 1));
const MOST = 250;
const changes = () => data.change?.[data.images[state.image].platform] ?? data.change?.[""] ?? {};
const colourOf = at => {
  if (state.colour === "change" && data.change) {
    let owner = at;
    while (owner && !owner.owner) owner = owner.parent;
    const change = owner && changes()[owner.owner];
    return !change ? "var(--same)" : change > 0 ? "var(--grown)" : "var(--shrunk)";
  }
  return at.cat < 0 ? "var(--c14)" : `var(--c${at.cat})`;
};
const describe = at => {
  const parent = at.parent ? `, ${percent(sizeOf(at), sizeOf(at.parent))} of ${at.parent.parent ? at.parent.name : "the image"}` : "";
  const kids = at.kids.size ? `, ${at.kids.size} below` : "";
  const category = at.cat >= 0 ? `, mostly ${data.categories[at.cat]}` : "";
  const change = at.owner && changes()[at.owner] ? `, ${changes()[at.owner] > 0 ? "grown" : "shrunk"} by ${si(Math.abs(changes()[at.owner]))} of content` : "";
  return `${at.path ?? at.name}: ${si(at.content)} content, ${si(at.transfer)} transfer${parent}${kids}${category}${change}`;
};
const put = (element, x, y, w, h) => Object.assign(element.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
function draw() {
  map.replaceChildren();
  tiles = [];
  const { width, height } = map.getBoundingClientRect();
  const kids = kidsOf(current);
  const shown = kids.slice(0, MOST).map(at => ({ at, size: sizeOf(at) }));
  const rest = kids.slice(MOST);
  if (rest.length) shown.push({ rest, size: rest.reduce((sum, at) => sum + sizeOf(at), 0) });
  let budget = 1800;
  const inside = (parent, at, x, y, w, h, depth) => {
    let kids = kidsOf(at);
    // A step that leads to one place only says nothing.
    while (kids.length === 1 && kids[0].kids.size) kids = kidsOf(kids[0]);
    for (const [item, left, top, wide, high] of squarify(kids.map(at => ({ at, size: sizeOf(at) })), x, y, w, h)) {
      if (wide < 4 || high < 4 || budget-- < 0) continue;
      const span = make("span", { class: "leaf" });
      span.node = item.at;
      put(span, left, top, wide, high);
      span.style.background = colourOf(item.at);
      if (state.query && !item.at.hit) span.classList.add("off");
      parent.append(span);
      if (depth > 1 && item.at.kids.size && wide > 80 && high > 50) {
        span.append(make("span", { class: "head" }, item.at.name));
        inside(span, item.at, 1, 17, wide - 4, high - 20, depth - 1);
      } else if (wide > 34 && high > 15) span.append(item.at.name);
    }
  };
  for (const [item, x, y, w, h] of squarify(shown, 0, 0, width, height)) {
    if (w < 2 || h < 2) continue;
    const tile = make("button", { type: "button", tabindex: "-1" });
    put(tile, x, y, w, h);
    if (item.rest) {
      tile.setAttribute("aria-label", `${item.rest.length} smaller ones, ${si(item.size)}; the table has them`);
      tile.style.background = "var(--c14)";
      if (w > 30 && h > 14) tile.append(make("span", { class: "head" }, `${item.rest.length} others`));
    } else {
      tile.node = item.at;
      tile.setAttribute("aria-label", describe(item.at));
      tile.style.background = colourOf(item.at);
      if (state.query && !item.at.hit) tile.classList.add("off");
      if (w > 26 && h > 14) tile.append(make("span", { class: "head" }, `${item.at.name}  ${h < 30 && w < 160 ? "" : si(sizeOf(item.at))}`));
      if (w > 44 && h > 40 && item.at.kids.size) inside(tile, item.at, 1, 18, w - 4, h - 21, 4);
    }
    map.append(tile);
    tiles.push(tile);
  }
  if (tiles[0]) tiles[0].tabIndex = 0;
  else map.append(make("p", {}, "Nothing to draw here: see the table."));
  map.setAttribute("aria-label", `Map of ${current.parent ? current.name : "the image"}: ${kids.length} parts, ${si(sizeOf(current))} of ${state.unit}`);
}
function say(text) { status.textContent = text; }
function go(at, push = true) {
  const trail = [];
  for (let step = at; step.parent; step = step.parent) trail.unshift(step.name);
  state.trail = trail;
  write(push);
  show();
}
map.addEventListener("click", event => {
  let target = event.target;
  while (target !== map && !(target.node && target.node.kids.size)) target = target.parentNode;
  if (target.node) { go(target.node); tiles[0]?.focus(); }
});
map.addEventListener("mouseover", event => {
  let target = event.target;
  while (target !== map && !target.node) target = target.parentNode;
  if (target.node) say(describe(target.node));
});
map.addEventListener("focusin", event => { if (event.target.node) say(describe(event.target.node)); });
map.addEventListener("keydown", event => {
  const at = tiles.indexOf(document.activeElement);
  const to = step => {
    const next = tiles[(at + step + tiles.length) % tiles.length];
    tiles[at].tabIndex = -1; next.tabIndex = 0; next.focus();
  };
  if (event.key === "Escape" || event.key === "Backspace") {
    if (current.parent) { const from = current.name; go(current.parent); (tiles.find(tile => tile.node?.name === from) ?? tiles[0])?.focus(); }
  } else if (at < 0) return;
  else if (event.key === "ArrowRight" || event.key === "ArrowDown") to(1);
  else if (event.key === "ArrowLeft" || event.key === "ArrowUp") to(-1);
  else if (event.key === "Home") to(-at);
  else if (event.key === "End") to(tiles.length - 1 - at);
  else return;
  event.preventDefault();
});

// ---- the table beside the map: its twin for whoever cannot see it
function twin() {
  const body = $("#twin tbody"), foot = $("#twin tfoot");
  body.replaceChildren(); foot.replaceChildren();
  const row = (cells, at) => {
    const line = make("tr");
    cells.forEach((cell, column) => {
      const td = make("td", { class: column ? "n" : "name" });
      if (column === 0 && at?.kids.size) {
        const button = make("button", { type: "button", class: "plain" }, cell);
        button.addEventListener("click", () => go(at));
        td.append(button);
      } else td.append(cell);
      line.append(td);
    });
    return line;
  };
  if (state.query) {
    const hits = matches.slice().sort((a, b) => b[state.unit === "content" ? 1 : 2] - a[state.unit === "content" ? 1 : 2]);
    const sum = column => hits.reduce((sum, hit) => sum + hit[column], 0);
    for (const hit of hits.slice(0, 500)) {
      const whose = hit[5] ? `hidden by layer ${hit[5]}` : hit[4];
      body.append(row([`${hit[3]} `, si(hit[1]), si(hit[2]), whose, percent(hit[state.unit === "content" ? 1 : 2], sizeOf(tree()))]));
    }
    foot.append(row([`${hits.length} files and directories match${hits.length > 500 ? ", 500 of them are listed" : ""}`, si(sum(1)), si(sum(2)), "", ""]));
    say(`${hits.length} match: ${si(sum(1))} content, ${si(sum(2))} transfer`);
    return;
  }
  const kids = kidsOf(current);
  for (const at of kids.slice(0, 500)) body.append(row([at.name, si(at.content), si(at.transfer), String(at.files), percent(sizeOf(at), sizeOf(current))], at));
  const rest = kids.slice(500);
  if (rest.length) {
    const sum = name => rest.reduce((sum, at) => sum + at[name], 0);
    body.append(row([`${rest.length} smaller ones`, si(sum("content")), si(sum("transfer")), String(sum("files")), ""]));
  }
  foot.append(row(["total", si(current.content), si(current.transfer), String(current.files), ""]));
}
let matches = [];
function search() {
  const root = tree();
  matches = [];
  const query = state.query.toLowerCase();
  const clear = at => { at.hit = 0; at.kids.forEach(clear); };
  clear(root);
  if (!query) return;
  for (const entry of root.entries) {
    if (!entry[3].toLowerCase().includes(query) && !entry[4].toLowerCase().includes(query)) continue;
    matches.push(entry);
    for (let at = entry[0]; at; at = at.parent) at.hit += 1;
  }
}
function legend() {
  const list = $("#legend");
  list.replaceChildren();
  const key = (colour, text) => {
    const box = make("span", { class: "key" });
    box.style.background = colour;
    list.append(make("li", {}, box, text));
  };
  if (state.colour === "change" && data.change) {
    key("var(--grown)", "package added or grown"); key("var(--shrunk)", "package shrunk"); key("var(--same)", "the same, or no package");
    return;
  }
  if (!current.cats && current.cat < 0) return;
  const cats = current.cats ? [...current.cats] : [[current.cat, current.content]];
  for (const [cat, bytes] of cats.sort((a, b) => b[1] - a[1])) if (bytes) key(`var(--c${cat})`, state.unit === "content" ? `${data.categories[cat]} ${si(bytes)}` : data.categories[cat]);
}
function show() {
  document.body.dataset.unit = state.unit;
  for (const button of all(".choice button")) button.setAttribute("aria-pressed", String(state[button.dataset.set] == button.dataset.to));
  for (const section of all("section.image")) section.hidden = Number(section.dataset.image) !== state.image;
  const root = tree();
  current = root;
  for (const step of state.trail) {
    const next = [...current.kids.values()].find(kid => kid.name === step);
    if (!next) break;
    current = next;
  }
  search();
  const trail = $("#trail");
  trail.replaceChildren();
  const steps = [];
  for (let step = current; step; step = step.parent) steps.unshift(step);
  steps.forEach((step, at) => {
    if (at) trail.append(make("span", { "aria-hidden": "true" }, "/"));
    const button = make("button", { type: "button" }, at ? step.name : "everything that ships");
    if (step === current) button.setAttribute("aria-current", "location");
    button.addEventListener("click", () => go(step));
    trail.append(button);
  });
  legend(); draw(); twin();
  if (!state.query) say(current.parent ? describe(current) : `everything that ships: ${si(root.content)} content, ${si(root.transfer)} transfer`);
  document.body.dataset.sum = `${root.content} ${root.transfer}`;
  document.body.dataset.ready = "true";
}
for (const button of all(".choice button")) {
  button.addEventListener("click", () => {
    const name = button.dataset.set;
    state[name] = name === "image" ? Number(button.dataset.to) : button.dataset.to;
    if (name === "group" || name === "image") state.trail = [];
    write(true); show();
  });
}
const find = $("#find");
let waiting;
find.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => { state.query = find.value.trim(); write(false); show(); }, 120);
});

// ---- tables that sort and filter, and fixes to copy
for (const table of all("table.sorts")) {
  all("thead th", table).forEach((head, column) => {
    const button = make("button", { type: "button" }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending";
      all("thead th", table).forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const value = row => row.cells[column].dataset.v ?? row.cells[column].textContent.toLowerCase();
      const number = row => row.cells[column].dataset.v !== undefined;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (number(a) ? value(a) - value(b) : value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) * (up ? 1 : -1));
      table.tBodies[0].append(...rows);
    });
  });
}
for (const input of all("input.filters")) {
  const table = document.getElementById(input.dataset.table);
  const total = $(".found", input.closest("p"));
  input.addEventListener("input", () => {
    const query = input.value.trim().toLowerCase();
    let [count, content, transfer] = [0, 0, 0];
    for (const row of table.tBodies[0].rows) {
      row.hidden = !row.textContent.toLowerCase().includes(query);
      if (row.hidden) continue;
      count += 1; content += Number(row.dataset.content); transfer += Number(row.dataset.transfer);
    }
    total.textContent = query ? `${count} of ${table.tBodies[0].rows.length}: ${si(content)} content, ${si(transfer)} transfer` : "";
  });
}
for (const pre of all("pre.fix")) {
  const button = make("button", { type: "button", class: "plain copy" }, "Copy");
  button.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(pre.textContent); button.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(pre); button.textContent = "Selected: press Ctrl+C"; }
    setTimeout(() => { button.textContent = "Copy"; }, 2500);
  });
  pre.before(button);
}
addEventListener("beforeprint", () => all("details").forEach(details => { details.open = true; }));
const load = () => { read(); find.value = state.query; show(); };
addEventListener("hashchange", load);
addEventListener("popstate", load);
let width = 0;
new ResizeObserver(() => {
  const now = map.getBoundingClientRect().width;
  if (current && Math.abs(now - width) > 2) { width = now; draw(); }
}).observe(map);
load();
})();
