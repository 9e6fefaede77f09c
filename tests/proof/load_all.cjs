// Loads every addon below a directory, and prints those that cannot be, one a line.
const { readdirSync } = require("node:fs");
const { join } = require("node:path");

const addons = readdirSync(process.argv[2], { recursive: true }).filter((name) => name.endsWith(".node"));
for (const addon of addons) {
  try {
    process.dlopen({ exports: {} }, join(process.argv[2], addon));
  } catch (error) {
    console.log(`${addon}: ${error.message}`);
  }
}
if (addons.length === 0) console.log("nothing to load");
