import { Link } from "@tanstack/react-router";
import { useTenants } from "../../data/queries";
import { t } from "../../i18n/t";
import { Card, CodeBlock, Icon, Sentence, type IconName } from "../../ui";
import "./no-services.css";

/** What to connect, in an order in which each gives more metrics, and where. */
const NEXT = [
  { id: "code", icon: "change", connector: "github" },
  { id: "deployments", icon: "deployment", connector: "cdevents" },
  { id: "incidents", icon: "incident", connector: "pagerduty" },
  { id: "items", icon: "product", connector: "jira" },
] as const satisfies { id: string; icon: IconName; connector: string }[];

/** The overview before any data: what each kind of source brings, and a look at what it will be. */
export function NoServices() {
  return (
    <div className="stack">
      <Card
        title={t("overview.no_services")}
        note={t("start.note")}
        actions={
          <Link to="/sources/connect" className="button button-primary">
            {t("empty.connect")}
          </Link>
        }
      >
        <ol className="start-steps">
          {NEXT.map(({ id, icon, connector }) => (
            <li key={id}>
              <Icon name={icon} size={20} />
              <div>
                <h3>{t(`start.${id}`)}</h3>
                <p>{t(`start.${id}_text`)}</p>
                <p className="note">{t(`start.${id}_metrics`)}</p>
                <Link to="/sources/connect" search={{ connector }}>
                  {t(`start.${id}_link`)}
                </Link>
              </div>
            </li>
          ))}
        </ol>
      </Card>
      <div className="start-ways">
        <Card title={t("start.local")}>
          <p>
            <Sentence text={t("start.local_text")} />
          </p>
          <CodeBlock title={t("connect.shell")} text="sei up --repo ~/src/shop" />
        </Card>
        <Demo />
      </div>
    </div>
  );
}

/** What all of it looks like, with the data of an invented organization. */
function Demo() {
  const demo = useTenants().data?.data.find((tenant) => tenant.demo);
  return (
    <Card title={t("start.demo")}>
      <p>{t("start.demo_text")}</p>
      {demo === undefined ? (
        <CodeBlock title={t("connect.shell")} text="sei demo load" />
      ) : (
        <p className="start-demo">
          <Link to="/" search={{ tenant: demo.name }} className="button">
            {t("overview.to_demo")}
          </Link>
        </p>
      )}
    </Card>
  );
}
