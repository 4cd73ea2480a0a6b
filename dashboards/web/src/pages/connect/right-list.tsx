import type { Schema } from "../../data/types";
import { t } from "../../i18n/t";
import { Badge, Icon, Notice, Sentence } from "../../ui";

type Check = Schema<"Answer_SourceCheck">["data"];

/** What a token may do at its source, and what is missing. */
export function RightList({ check: { identity, is_sufficient, rights } }: { check: Check }) {
  return (
    <>
      <Notice tone={is_sufficient ? "good" : "bad"}>{t(is_sufficient ? "connect.sufficient" : "connect.insufficient", { identity })}</Notice>
      <ul className="rights">
        {rights.map(({ name, needed_for, is_optional, is_granted, missing }) => (
          <li key={name}>
            <span className={is_granted ? "right-granted" : is_optional ? "right-optional" : "right-missing"}>
              <Icon name={is_granted ? "check" : is_optional ? "info" : "close"} size={17} />
              <span className="visually-hidden">{t(is_granted ? "connect.granted" : "connect.missing")}</span>
            </span>
            <div>
              <code>{name}</code> {is_optional && <Badge>{t("connect.optional")}</Badge>}
              <p className="note">{needed_for}</p>
              {missing !== null && missing !== undefined && (
                <p>
                  <Sentence text={missing} />
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}
