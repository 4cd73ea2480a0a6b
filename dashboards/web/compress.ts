import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const compressed = /\.(js|css|html|svg|json|webmanifest)$/;

/** Writes each text file of a build also in Brotli and gzip, so that the server compresses nothing. `isOfBuild` says of a name in `dist` whether this build wrote it. */
export function precompress(isOfBuild: (name: string) => boolean = () => true): Plugin {
  return {
    name: "precompress",
    apply: "build",
    enforce: "post",
    async closeBundle() {
      const directory = path.join(import.meta.dirname, "dist");
      const files = await readdir(directory, { recursive: true });
      const texts = files.filter((file) => compressed.test(file) && isOfBuild(file));
      await Promise.all(texts.map((file) => compress(path.join(directory, file))));
    },
  };
}

async function compress(file: string) {
  const text = await readFile(file);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
  await writeFile(`${file}.br`, await promisify(brotliCompress)(text, { params }));
  await writeFile(`${file}.gz`, await promisify(gzip)(text, { level: 9 }));
}
