import "./ui/font.css";
import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/components.css";
import "./ui/overlays.css";
import "./charts/charts.css";
import "./app/shell.css";
import "./app/print.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { startTransition, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./app/query-client";
import { router } from "./app/router";
import { preferredLocale, useLocale } from "./app/settings";
import { setLocale } from "./i18n/t";

function App() {
  // another language renders everything again
  return <RouterProvider key={useLocale()} router={router} />;
}

async function start(element: HTMLElement) {
  // the first rendering is one of the page itself
  await Promise.all([setLocale(preferredLocale()), router.load()]);
  const root = createRoot(element);
  // in slices, between which the page answers who uses it; until it is complete, what index.html shows stays
  startTransition(() =>
    root.render(
      <StrictMode>
        <QueryClientProvider client={queryClient}>
          <App />
        </QueryClientProvider>
      </StrictMode>,
    ),
  );
}

/** How long after the page the worker is installed: it fetches every file, and what the page itself needs comes first. */
const WORKER_AFTER_MS = 5000;

// keeps the application and its last answers for reading offline
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  const install = () => void navigator.serviceWorker.register("/worker.js").catch(() => undefined);
  const installLater = () => setTimeout(install, WORKER_AFTER_MS);
  // the page is often loaded before this file, for which it does not wait
  if (document.readyState === "complete") installLater();
  else addEventListener("load", installLater);
}

const element = document.getElementById("app");
if (element !== null) void start(element);
