import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { precompress } from "./compress.ts";

/** The server that the development server passes requests on to, which takes changes from its own pages only. */
const api = process.env.SEI_API ?? "http://127.0.0.1:7200";
const passedOn = ["/api", "/graphql", "/login", "/logout"];
const proxy = Object.fromEntries(passedOn.map((path) => [path, { target: api, changeOrigin: true, headers: { origin: api } }]));

const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/** Writes into the worker which files to keep for reading offline, and a version that changes with them. */
function listForWorker(): Plugin {
  return {
    name: "list-for-worker",
    apply: "build",
    async closeBundle() {
      const directory = path.join(import.meta.dirname, "dist");
      const names = (await readdir(path.join(directory, "web"))).filter((name) => /\.(js|css|svg)$|latin-wght.*woff2$/.test(name));
      const files = names.sort().map((name) => `/web/${name}`);
      const version = createHash("sha256").update(files.join()).digest("hex").slice(0, 12);
      const worker = path.join(directory, "worker.js");
      const text = await readFile(worker, "utf8");
      await writeFile(worker, text.replace('"VERSION"', JSON.stringify(version)).replace('"FILES"', files.map((file) => JSON.stringify(file)).join()));
    },
  };
}

const ahead = "src/ahead/main.ts";
const start = "src/start.tsx";
/** How many bytes of scripts and styles the page names at most, in gzip. */
const FIRST_PAGE_MAX = 195_000;

/**
 * Puts into the page the file of the script that runs ahead of the application, and those that the application starts with,
 * which give way to it; and counts them.
 */
function firstPage(): Plugin {
  return {
    name: "first-page",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle = {} }) {
        const built = (source: string) => {
          const chunk = Object.values(bundle).find((file) => file.type === "chunk" && file.facadeModuleId?.endsWith(source));
          if (chunk?.type !== "chunk") throw new Error(`the build has no ${source}`);
          return chunk;
        };
        const [first, second] = [built(ahead), built(start)];
        const styles = [...(second.viteMetadata?.importedCss ?? [])].map((name) => `  <link rel="stylesheet" crossorigin href="/${name}">\n`);
        const page = html
          .replace(new RegExp(`\\s*<link rel="modulepreload"[^>]*/${first.fileName}">`), "")
          .replace("</head>", `  <link rel="modulepreload" crossorigin href="/${second.fileName}">\n${styles.join("")}</head>`)
          .replace(/(<script type="module"|<link rel="modulepreload") (?=crossorigin)/g, '$1 fetchpriority="low" ')
          .replace(`/${ahead}`, `/${first.fileName}`);
        const files = [...page.matchAll(/"\/(web\/[^"]+\.(?:js|css))"/g)].flatMap(([, name = ""]) => bundle[name] ?? []);
        const bytes = files.reduce((sum, file) => sum + gzipSync(file.type === "chunk" ? file.code : file.source).length, 0);
        if (bytes > FIRST_PAGE_MAX) throw new Error(`the first page names ${bytes} bytes of scripts and styles in gzip; at most ${FIRST_PAGE_MAX} are allowed`);
        return page;
      },
    },
  };
}

export default defineConfig({
  plugins: [react(), firstPage(), listForWorker(), precompress()],
  // the generated client finds its dependency here
  resolve: { preserveSymlinks: true },
  // the guide shows a document of the repository
  server: { port: 5173, strictPort: false, proxy, fs: { allow: ["../.."] } },
  // as api/src/guard.rs has it, so that what it forbids is noticed here
  preview: { port: 4173, strictPort: false, proxy, headers: { "content-security-policy": policy } },
  build: {
    outDir: "dist",
    assetsDir: "web",
    // the content security policy allows no data: URLs
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: { index: "index.html", ahead, start },
      output: {
        codeSplitting: {
          // what runs ahead; and what every page needs in two files: one that changes with each version, and one that
          // seldom does
          groups: [
            { name: "ahead", test: /src\/(ahead\/|app\/theme|data\/question)|vite\/preload-helper/, priority: 3 },
            { name: "libraries", tags: ["$initial"], test: /node_modules/, priority: 2 },
            { name: "start", tags: ["$initial"], test: /src\/(?!main\.tsx)/, priority: 1 },
          ],
        },
      },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
