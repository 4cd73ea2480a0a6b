import { useId, type ReactNode } from "react";
import { Icon } from "../../ui";

/** A step of something that is done in order. One that can't be done yet says so by being pale. */
export function Step({ number, title, isDone = false, isWaiting = false, children }: { number: number; title: string; isDone?: boolean; isWaiting?: boolean; children?: ReactNode }) {
  const id = useId();
  return (
    <li className={`step ${isWaiting ? "is-waiting" : ""}`}>
      <span className={`step-number ${isDone ? "is-done" : ""}`} aria-hidden="true">
        {isDone ? <Icon name="check" size={15} /> : number}
      </span>
      <section className="card step-body" aria-labelledby={id}>
        <h2 id={id}>{title}</h2>
        {!isWaiting && children}
      </section>
    </li>
  );
}
