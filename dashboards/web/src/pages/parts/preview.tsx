import { Link } from "@tanstack/react-router";
import type { NamedValue, Preview, Window } from "../../data/types";
import { formatWindow } from "../../format/time";
import { t } from "../../i18n/t";
import { Badge, Card, Sentence, Stat, Table, Value, type Column } from "../../ui";

/** What would be measured if merges were deployments, and what to connect so that deployments are known. */
export function PreviewCard({ preview, window }: { preview: Preview; window: Window }) {
  const { merges, frequency, lead_time, services, caveats, remedy } = preview;
  const isEarlier = preview.window.to < window.from;
  return (
    <Card data-part="preview" className="preview" title={t("preview.title")} note={t("preview.note")} actions={<Badge tone="warn">{t("preview.badge")}</Badge>}>
      <div className="stack">
        {isEarlier && <p>{t("preview.earlier", { window: formatWindow(preview.window) })}</p>}
        <div className="grid preview-stats">
          <PreviewStat name="merges" value={merges} />
          <PreviewStat name="frequency" value={frequency} />
          <PreviewStat name="lead_time" value={lead_time} />
        </div>
        {services.length > 1 && <Services services={services} />}
        {caveats.length > 0 && (
          <ul className="preview-caveats note">
            {caveats.map(({ code, text }) => (
              <li key={text} data-caveat={code}>
                <Sentence text={text} />
              </li>
            ))}
          </ul>
        )}
        <section className="preview-next">
          <h3>{t("preview.next")}</h3>
          <p>
            <Sentence text={remedy} />
          </p>
          <Link to="/sources/connect" className="button button-primary">
            {t("empty.connect")}
          </Link>
        </section>
      </div>
    </Card>
  );
}

type Name = "merges" | "frequency" | "lead_time";

function PreviewStat({ name, value: { value, unit, n } }: { name: Name; value: NamedValue }) {
  return (
    <div data-preview={name}>
      <Stat label={t(`preview.${name}`)} note={t("chart.n", { n })}>
        <Value value={value} unit={unit} />
      </Stat>
    </div>
  );
}

type ServicePreview = Preview["services"][number];

function Services({ services }: { services: ServicePreview[] }) {
  return <Table title={t("preview.services")} columns={columns()} rows={services} rowKey={({ service }) => service} />;
}

const columns = (): Column<ServicePreview>[] => [
  {
    id: "service",
    head: t("preview.service"),
    value: ({ service }) => service,
    cell: ({ service, branches }) => (
      <>
        <Link to="/services/$" params={{ _splat: service }}>
          {service}
        </Link>
        <div className="note">{branches.join(", ")}</div>
      </>
    ),
  },
  ...(["merges", "frequency", "lead_time"] as const).map((name) => ({
    id: name,
    head: t(`preview.${name}`),
    align: "end" as const,
    value: (row: ServicePreview) => row[name].value,
    cell: (row: ServicePreview) => <Value value={row[name].value} unit={row[name].unit} />,
  })),
];
