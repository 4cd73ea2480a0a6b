import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { KeyboardEvent } from "react";
import { SearchBox } from "../app/search-box";
import { useHits, type Hit, type HitKind } from "../data/journey";
import { t } from "../i18n/t";
import { useRights } from "../data/rights";
import { HIT_ICON, HIT_KINDS, targetOf } from "../journey/hit";
import { Card, Empty, Icon, Loaded, Moment, PageHead, Select, Skeleton } from "../ui";
import "./search.css";

/** The most results that are asked for. */
const MOST = 100;
/** Results of a kind that are shown while there are several kinds. */
const OF_KIND = 6;

/** What a search found, by kind, what fits best first. */
export function SearchPage() {
  const { q = "", kinds } = useSearch({ from: "/search" });
  const navigate = useNavigate();
  const { has } = useRights();
  // people are found by who may see them
  const offered = HIT_KINDS.filter((kind) => kind !== "person" || has("people"));
  const chosen = offered.filter((kind) => kinds?.split(",").includes(kind));
  const found = useHits(q, { kinds: chosen.length === 0 ? undefined : chosen, limit: MOST });
  const count = found.data?.data.length ?? 0;
  const choose = (value: string) => void navigate({ to: "/search", search: { q, kinds: value === "" ? undefined : value }, replace: true });
  if (q.trim().length < 2) {
    return (
      <>
        <PageHead title={t("page.search")} />
        <SearchBox label={t("search.start")} placeholder={t("shell.search")} isLarge />
        <p className="note">{t("search.nothing_text")}</p>
      </>
    );
  }
  return (
    <>
      <PageHead
        title={t("search.title", { text: q })}
        note={found.data === undefined ? " " : t(count === MOST ? "search.found_most" : "search.found", { n: count })}
        actions={
          <Select
            label={t("search.kinds")}
            isCompact
            value={kinds ?? ""}
            onChange={choose}
            groups={[{ options: [{ value: "", text: t("ui.all") }, ...(chosen.length > 1 ? [{ value: chosen.join(","), text: chosen.map((kind) => t(`hits.${kind}`)).join(", ") }] : []), ...offered.map((kind) => ({ value: kind as string, text: t(`hits.${kind}`) }))] }]}
          />
        }
      />
      <Loaded query={found} skeleton={<Skeleton height={360} />}>
        {({ data }) => (data.length === 0 ? <Nothing text={q} /> : <Results text={q} hits={data} />)}
      </Loaded>
    </>
  );
}

/** How many words of a text that nothing is called are offered, each as a search of its own. */
const OFFERED = 5;

/** Nothing is called so: the words of the text may be names of several things, such as a service and its version. */
function Nothing({ text }: { text: string }) {
  const words = [...new Set(text.split(/\s+/).filter((word) => word !== ""))];
  const each = words.length < 2 ? undefined : (
    <span className="row search-words">
      {words.slice(0, OFFERED).map((word) => (
        <Link key={word} to="/search" search={{ q: word }}>
          {t("search.word", { word })}
        </Link>
      ))}
    </span>
  );
  return (
    <Card>
      <Empty icon="search" title={t("search.nothing", { text })} action={each}>
        {t("search.nothing_text")}
      </Empty>
    </Card>
  );
}

function Results({ text, hits }: { text: string; hits: Hit[] }) {
  // kinds in the order of their best hit
  const kinds = [...new Set(hits.map(({ kind }) => kind))];
  return (
    <div className="stack" onKeyDown={moveAmongResults}>
      {kinds.map((kind) => (
        <KindResults key={kind} text={text} kind={kind} hits={hits.filter((hit) => hit.kind === kind)} isOnly={kinds.length === 1} />
      ))}
    </div>
  );
}

function KindResults({ text, kind, hits, isOnly }: { text: string; kind: HitKind; hits: Hit[]; isOnly: boolean }) {
  const shown = isOnly ? hits : hits.slice(0, OF_KIND);
  const all =
    shown.length < hits.length ? (
      <Link to="/search" search={{ q: text, kinds: kind }}>
        {t("search.all_of_kind")}
      </Link>
    ) : undefined;
  return (
    <Card title={t(`hits.${kind}`)} actions={all} flush>
      <ul className="results">
        {shown.map((hit) => (
          <li key={hit.node_id}>
            <Icon name={HIT_ICON[kind]} size={16} />
            <span className="result-text">
              <Link {...targetOf(hit)} data-result={hit.id}>
                {hit.title}
              </Link>
              {hit.subtitle !== null && <span className="note">{hit.subtitle}</span>}
            </span>
            {hit.at !== null && (
              <span className="note">
                <Moment at={hit.at} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Arrow keys move from result to result. */
function moveAmongResults(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-result]")];
  const at = links.indexOf(event.target as HTMLElement);
  if (at === -1) return;
  links[at + step]?.focus();
  event.preventDefault();
}
