// Writes editor.bundle.js, with the versions in its first line, and editor_LICENSE.txt.
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const ASSETS = "../../sim/verbs/serve/assets/";
const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const versions = (packages) => Object.entries(packages).map(([name, version]) => `${name} ${version}`);

await build({
  entryPoints: ["entry.js"],
  outfile: `${ASSETS}editor.bundle.js`,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  banner: { js: `/*! ${versions(dependencies).join(", ")}; bundled by ${versions(devDependencies)} */` },
});

const licences = new Map();
for (const name of Object.keys(dependencies)) {
  const licence = readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim();
  licences.set(licence, [...(licences.get(licence) ?? []), name]);
}
const parts = [...licences].map(([licence, names]) => `${names.join(", ")}\n\n${licence}\n`);
writeFileSync(`${ASSETS}editor_LICENSE.txt`, parts.join(`\n${"-".repeat(80)}\n\n`));
