import { Link } from "@tanstack/react-router";
import { Fragment, type ReactNode } from "react";
import type { Schema } from "../../data/types";
import { tOr } from "../../i18n/t";
import { Badge, Moment, Sentence, SourceLink } from "../../ui";
import { RawEvents } from "./raw-events";
import "./record.css";

type Evidence = Schema<"Evidence">;

/** What a verdict rests on: each rule that was met, with what met it, and the events that reported that. */
export function EvidenceList({ evidence }: { evidence: Evidence[] }) {
  return (
    <ul className="evidence">
      {evidence.map((one) => (
        <li key={`${one.rule} ${one.id}`}>
          <div className="evidence-head">
            <Badge tone="info">{tOr(`rule.${one.rule}`, one.rule.replaceAll("_", " "))}</Badge>
            <Moment at={one.at} isExact />
          </div>
          <p>
            <Linked text={one.reason} ids={[{ id: one.id, what: one.what }, ...(one.target === null || one.target === undefined ? [] : [{ id: one.target, what: one.what === "incident" ? "deployment" : one.what }])]} />
          </p>
          <div className="row">
            <RawEvents fact={one.id} isQuiet />
            <SourceLink url={one.url} />
          </div>
        </li>
      ))}
    </ul>
  );
}

/** The page of something that a verdict names. */
export function RecordLink({ id, what, children }: { id: string; what: string; children?: ReactNode }) {
  const params = { _splat: id };
  const text = children ?? shortId(id);
  if (what === "incident") return <Link to="/incidents/$" params={params}>{text}</Link>;
  if (what === "deployment") return <Link to="/deployments/$" params={params}>{text}</Link>;
  if (what === "change" || what === "commit") return <Link to="/changes/$" params={params}>{text}</Link>;
  return <>{text}</>;
}

/** A sentence in which ids are links. */
function Linked({ text, ids }: { text: string; ids: { id: string; what: string }[] }) {
  const known = ids.filter(({ id }) => text.includes(id));
  if (known.length === 0) return <Sentence text={text} />;
  const pattern = new RegExp(`(${known.map(({ id }) => escaped(id)).sort((left, right) => right.length - left.length).join("|")})`);
  return text.split(pattern).map((part, index) => {
    const found = known.find(({ id }) => id === part);
    // the parts of a sentence never change their order
    return <Fragment key={index}>{found === undefined ? <Sentence text={part} /> : <RecordLink id={found.id} what={found.what} />}</Fragment>;
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** An id without the host that it begins with. */
export function shortId(id: string): string {
  const parts = id.split("/");
  return parts.length > 1 && parts[0]?.includes(".") ? parts.slice(1).join("/") : id;
}

/** Sentences that say why something counts as it does. */
export function Why({ sentences }: { sentences: string[] }) {
  return (
    <ul className="why">
      {sentences.map((text) => (
        <li key={text}>
          <Sentence text={text} />
        </li>
      ))}
    </ul>
  );
}
