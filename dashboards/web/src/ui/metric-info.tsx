import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Button as AriaButton, TooltipTrigger, Tooltip as AriaTooltip } from "react-aria-components";
import { useDefinitions } from "../data/queries";
import type { Basis, Caveat, Unit } from "../data/types";
import { formatShare, formatValue } from "../format/value";
import { t, tOr } from "../i18n/t";
import { Icon } from "./icon";
import { Drawer } from "./dialog";

/** What a page knows about the value beside which the metric is explained. */
export interface Explained {
  value: number | null;
  unit: Unit;
  n: number;
  basis?: Basis;
  caveats?: Caveat[];
  /** Values beside the first, such as percentiles and stages. */
  values?: { name: string; value?: number | null; unit: Unit; n: number }[];
}

/** A sign that explains a metric: its definition on hover, and everything about its value in a drawer. */
export function MetricInfo({ metric, answer }: { metric: string; answer?: Explained }) {
  const [isOpen, setOpen] = useState(false);
  const definition = useDefinitions().get(metric);
  // its place is kept, so that nothing moves when definitions arrive
  if (definition === undefined) return <span className="info-button" />;
  const caveats = answer?.caveats ?? [];
  return (
    <>
      <TooltipTrigger delay={250} closeDelay={60}>
        <AriaButton className={`info-button ${caveats.length > 0 ? "has-caveats" : ""}`} aria-label={t("metric.explain", { title: definition.title })} onPress={() => setOpen(true)}>
          <Icon name="info" size={15} />
        </AriaButton>
        <AriaTooltip className="tooltip" offset={6}>
          <strong>{definition.title}</strong>
          <br />
          {definition.definition}
          {answer !== undefined && <><br />{t("metric.n", { n: answer.n })}</>}
          {caveats.map(({ code, text }) => <span key={code} className="tooltip-caveat">{plain(text)}</span>)}
        </AriaTooltip>
      </TooltipTrigger>
      <Drawer title={definition.title} isOpen={isOpen} onClose={() => setOpen(false)}>
        <dl className="facts">
          <dt>{t("metric.definition")}</dt>
          <dd>{definition.definition}</dd>
          <dt>{t("metric.formula")}</dt>
          <dd>{tOr(`aggregation.${definition.aggregation}`, definition.aggregation)}</dd>
          <dt>{t("metric.direction")}</dt>
          <dd>{t(`metric.direction_${definition.direction}`)}</dd>
          {answer !== undefined && <Answer answer={answer} />}
        </dl>
        <p>
          <Link to="/guide/metrics" onClick={() => setOpen(false)}>
            {t("metric.docs")}
          </Link>
          {" · "}
          <Link to="/explore" search={{ metric } as never} onClick={() => setOpen(false)}>
            {t("metric.explore")}
          </Link>
        </p>
      </Drawer>
    </>
  );
}

function Answer({ answer }: { answer: Explained }) {
  const { value, unit, n, basis, caveats = [], values = [] } = answer;
  return (
    <>
      <dt>{t("metric.value")}</dt>
      <dd>
        {value === null ? t("ui.none") : formatValue(value, unit)} <span className="note">({t("metric.n", { n })})</span>
        {values.length > 0 && (
          <table className="table table-small">
            <tbody>
              {values.map((part) => (
                <tr key={part.name}>
                  <th scope="row">{tOr(`value.${part.name}`, part.name)}</th>
                  <td className="end">{formatValue(part.value, part.unit)}</td>
                  <td className="end note">{t("chart.n", { n: part.n })}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </dd>
      {basis !== undefined && (
        <>
          <dt>{t("metric.basis")}</dt>
          <dd>
            {basis.evidence.length > 0 && <p>{t("metric.evidence", { sources: basis.evidence.map((source) => source.replaceAll("_", " ")).join(", ") })}</p>}
            {basis.known !== null && basis.known !== undefined && <p>{t("metric.known", { share: formatShare(basis.known) })}</p>}
          </dd>
        </>
      )}
      {caveats.length > 0 && (
        <>
          <dt>{t("metric.caveats")}</dt>
          <dd>
            <ul className="caveats">
              {caveats.map(({ code, text }) => (
                <li key={code}>
                  <Sentence text={text} />
                </li>
              ))}
            </ul>
          </dd>
        </>
      )}
    </>
  );
}

/** A sentence of the API: names and commands that stand between backticks become code. */
export function Sentence({ text }: { text: string }) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? <code key={`${index} ${part}`}>{part}</code> : part));
}

function plain(text: string): string {
  return text.replaceAll("`", "");
}
