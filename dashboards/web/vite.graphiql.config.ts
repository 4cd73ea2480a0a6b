import path from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { precompress } from "./compress.ts";

/** Leaves out the fonts that the styles of GraphiQL hold as data: the policy allows none, and they are most of its bytes. */
function withoutFonts(): Plugin {
  return {
    name: "without-fonts",
    enforce: "pre",
    transform: (code, id) => (id.endsWith("/graphiql/dist/style.css") ? code.replace(/@font-face\s*\{[^}]*\}/g, "") : undefined),
  };
}

/** GraphiQL is a build of its own, after that of the application: no page of the application loads a byte more for it. */
export default defineConfig({
  plugins: [react(), withoutFonts(), precompress((name) => name.startsWith("graphiql.") || name.startsWith("web/graphiql/"))],
  publicDir: false,
  resolve: {
    preserveSymlinks: true,
    // the content security policy allows no style elements, which this package makes
    alias: { "react-style-singleton": path.join(import.meta.dirname, "src/graphiql/no-styles.ts") },
  },
  build: {
    outDir: "dist",
    emptyOutDir: false,
    assetsDir: "web/graphiql",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: "graphiql.html",
      // directives for a compiler that does not run here
      onLog: (level, log, report) => (log.code === "MODULE_LEVEL_DIRECTIVE" ? undefined : report(level, log)),
    },
  },
});
