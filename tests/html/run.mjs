// Opens the HTML report in headless Chromium and does what a person would.
//
//     node tests/html/run.mjs PLIMSOLL IMAGE [OTHER] [--screenshots DIR]
//
// Needs playwright-core (npm install playwright-core) and Chromium: CHROMIUM names it, else it is looked for.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(join(process.env.PLAYWRIGHT_HOME ?? process.cwd(), "x.js"));
const { chromium } = require("playwright-core");

const options = process.argv.slice(2);
const at = options.indexOf("--screenshots");
const shots = at < 0 ? null : options.splice(at, 2)[1];
const [plimsoll, image, other] = options;
const work = mkdtempSync(join(tmpdir(), "plimsoll-html-"));
const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

let failures = 0;
const check = (name, right, detail = "") => {
  console.log(`${right ? "ok  " : "FAIL"} ${name}${right ? "" : `: ${detail}`}`);
  if (!right) failures += 1;
};
const run = (...args) => execFileSync(plimsoll, args, { maxBuffer: 1 << 30 });

const page_ = join(work, "report.html"), json_ = join(work, "report.json");
run("analyze", image, "-o", `html=${page_}`, "-o", `json=${json_}`);
const report = JSON.parse(readFileSync(json_, "utf8"));
const bytes = statSync(page_).size;
check(`at most 1.5 MB (${bytes} bytes)`, bytes <= 1_500_000, bytes);

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const errors = [];
const open = async (file, settings = {}, hash = "") => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, offline: true, ...settings });
  const page = await context.newPage();
  page.on("console", message => { if (["error", "warning"].includes(message.type())) errors.push(message.text()); });
  page.on("pageerror", error => errors.push(String(error)));
  page.on("request", request => { if (!/^(file|data|blob):/.test(request.url())) errors.push(`loads ${request.url()}`); });
  await page.goto(`file://${file}${hash}`);
  if (settings.javaScriptEnabled !== false) await page.waitForSelector("body[data-ready]", { timeout: 30_000 });
  return page;
};
const shot = async (page, name, settings = {}) => {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`), ...settings });
};

const page = await open(page_, { colorScheme: "light" });
const platform = report.platforms[0];
const sums = async () => (await page.getAttribute("body", "data-sum")).split(" ").map(Number);
check("sums agree with the JSON", String(await sums()) === String([platform.content, platform.transfer.bytes]), await sums());
await shot(page, "light");
const tiles = () => page.locator("#map > button").count();
check("the map has tiles", await tiles() > 1);

// Zooms in by click, out by Escape, and the address keeps it.
const first = page.locator("#map > button").first();
const label = await first.getAttribute("aria-label");
check("a tile says what it is", /content, .* transfer, .* of the image/.test(label), label);
await first.focus();
await page.keyboard.press("Enter");
check("Enter goes in", (await page.locator("#trail button").count()) === 2);
check("the address says where", page.url().includes("at="), page.url());
await page.keyboard.press("ArrowRight");
check("arrows move the focus", await page.evaluate(() => document.activeElement.parentNode.id === "map"));
const there = page.url();
await shot(page, "zoomed");
await page.keyboard.press("Escape");
check("Escape goes out", (await page.locator("#trail button").count()) === 1);
const linked = await open(page_, {}, there.slice(there.indexOf("#")));
check("a link opens the same view", (await linked.locator("#trail button").count()) === 2);
await linked.close();

// Units.
const figure = () => page.locator("#twin tfoot td").nth(2).textContent();
await page.click("button[data-to=transfer]");
check("the unit switches", (await page.getAttribute("body", "data-unit")) === "transfer" && page.url().includes("unit=transfer"));
check("bars follow the unit", await page.locator("svg.of-transfer").first().isVisible() && !(await page.locator("svg.of-content").first().isVisible()), await figure());
await page.click("button[data-to=content]");

// Groups keep the sums.
for (const group of ["layers", "directories", "packages"]) {
  await page.click(`button[data-to=${group}]`);
  check(`sums hold by ${group}`, String(await sums()) === String([platform.content, platform.transfer.bytes]), await sums());
  if (group === "layers") await shot(page, "layers");
}

// Filter of the map, and of a table.
await page.fill("#find", "lib");
await page.waitForFunction(() => location.hash.includes("find=lib"));
check("the filter finds and sums", /match/.test(await page.textContent("#twin tfoot")), await page.textContent("#twin tfoot"));
await shot(page, "filtered");
await page.fill("#find", "");
await page.waitForFunction(() => !location.hash.includes("find="));
const owners = page.locator("#owners-0 tbody tr");
const before = await owners.count();
await page.locator("input.filters").first().fill("zzzz-nothing");
check("a table filters", (await page.locator("#owners-0 tbody tr:visible").count()) === 0 && before > 0);
await page.locator("input.filters").first().fill("");
const contentHead = page.locator("#owners-0 thead th").nth(3);
await contentHead.locator("button").click();
await contentHead.locator("button").click();
const values = await page.locator("#owners-0 tbody tr td:nth-child(4)").evaluateAll(cells => cells.map(cell => Number(cell.dataset.v)));
check("a table sorts", values.every((value, at) => !at || values[at - 1] <= value) && (await contentHead.getAttribute("aria-sort")) === "ascending");

// Platforms.
if (report.platforms.length > 1) {
  await page.click("button[data-set=image][data-to='1']");
  const second = report.platforms[1];
  check("the platform switches", String(await sums()) === String([second.content, second.transfer.bytes]), await sums());
}

// Findings bring a fix to copy.
if (platform.findings.some(finding => finding.fix)) {
  await page.click("button[data-set=group]");
  const details = page.locator("section.image:not([hidden]) details").first();
  await details.locator("summary").click();
  check("a finding has a fix to copy", await details.locator("button.copy").first().isVisible());
}

// What a screen reader needs.
check("a language, a title, landmarks", await page.evaluate(() => document.documentElement.lang === "en" && document.title !== "" && !!document.querySelector("main") && !!document.querySelector("header")));
check("every control has a name", await page.evaluate(() => [...document.querySelectorAll("button, input")].every(element => element.ariaLabel || element.textContent.trim() || element.closest("label")?.textContent.trim())));
check("what is said is said politely", (await page.getAttribute("#status", "aria-live")) === "polite");

// Dark, narrow, printed, and without JavaScript.
const dark = await open(page_, { colorScheme: "dark" });
await shot(dark, "dark");
const narrow = await open(page_, { viewport: { width: 390, height: 844 } });
const overflow = await narrow.evaluate(() => document.documentElement.scrollWidth - innerWidth);
check("nothing runs out of a narrow screen", overflow <= 0, overflow);
await shot(narrow, "narrow", { fullPage: false });
await page.emulateMedia({ media: "print" });
check("controls are not printed", !(await page.locator(".bar-of-controls").isVisible()) && !(await page.locator("#map").isVisible()));
await shot(page, "print", { fullPage: false });
const plain = await open(page_, { javaScriptEnabled: false });
check("readable without JavaScript", await plain.locator("section.image table").first().isVisible() && !(await plain.locator("#map").isVisible()));
await shot(plain, "plain");

// Two images compared.
if (other) {
  const file = join(work, "compare.html");
  run("compare", image, other, "-o", `html=${file}`);
  const compared = await open(file);
  check("compared images are both there", (await compared.locator("button[data-set=image]").count()) >= 2);
  await compared.click("button[data-to=change]");
  check("what changed has its colours", /grown/.test(await compared.textContent("#legend")), await compared.textContent("#legend"));
  await shot(compared, "compared");
}

check("no errors in the console", errors.length === 0, errors.join("; "));

// The treemap against a reference: where the tiles of the first view are, to the pixel, fonts left aside.
const layout = await open(page_, { colorScheme: "light" });
const boxes = await layout.locator("#map > button").evaluateAll(tiles => tiles.map(tile => [tile.style.left, tile.style.top, tile.style.width, tile.style.height].map(text => Math.round(parseFloat(text)))));
const area = await layout.evaluate(() => { const box = document.getElementById("map").getBoundingClientRect(); return box.width * box.height; });
const covered = boxes.reduce((sum, [, , w, h]) => sum + w * h, 0);
check("tiles cover the map", Math.abs(covered / area - 1) < 0.03, covered / area);
const reference = join(dirname(fileURLToPath(import.meta.url)), "layout.json");
if (process.env.BLESS) writeFileSync(reference, `${JSON.stringify(boxes)}\n`);
if (image.endsWith("demo.tar")) check("the map looks as it did", readFileSync(reference, "utf8").trim() === JSON.stringify(boxes), JSON.stringify(boxes));

await browser.close();
console.log(failures ? `${failures} failed` : "all well");
process.exit(failures ? 1 : 0);
