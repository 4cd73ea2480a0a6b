//! What the values of services rest on: the rules by which verdicts were given, and what is known of each
//! service whatever the window.

use chrono::{DateTime, Utc};
use kernel::{DeploymentKind, FindingKind, Rule};

use crate::copy::Tuple;
use crate::declared::literal;
use crate::flow::{ReadPart, rows};
use crate::{StoreError, StoreTx};

/// The columns that [`Rules::read`] reads from `deployment_metric`.
pub(crate) const RULES: &str = "\
    case when failed then array(select jsonb_path_query(failed_by, '$[*].rule') #>> '{}') else '{}'::text[] end,
    case when recovered_by is null then '{}'::text[] else array[recovered_by ->> 'rule'] end,
    case when rework then array(select jsonb_path_query(rework_by, '$[*].rule') #>> '{}') else '{}'::text[] end";

/// The rules that the evidence of a deployment's verdicts was found by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Why it failed.
    pub failed_by: Vec<Rule>,
    /// What recovered it: one rule, or none.
    pub recovered_by: Vec<Rule>,
    /// Why it is rework.
    pub rework_by: Vec<Rule>,
}

impl Rules {
    pub(crate) fn read(row: &mut Tuple<'_>) -> Result<Self, StoreError> {
        Ok(Self { failed_by: rules(row)?, recovered_by: rules(row)?, rework_by: rules(row)? })
    }
}

fn rules(row: &mut Tuple<'_>) -> Result<Vec<Rule>, StoreError> {
    row.texts()?.iter().map(|name| Ok(name.parse::<Rule>()?)).collect()
}

/// What is known of a service over all time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is known by itself, and any of them go together")]
pub struct ServiceBasis {
    /// Its name.
    pub service: String,
    /// Its history is cut off.
    pub partial: bool,
    /// For a service without deployments: what to configure.
    pub statement: Option<String>,
    /// The first deployment that counts.
    pub first: Option<DateTime<Utc>>,
    /// The last deployment that counts.
    pub last: Option<DateTime<Utc>>,
    /// The first deployment, where it is the baseline that carries nothing.
    pub baseline: Option<DateTime<Utc>>,
    /// An incident of it is known.
    pub has_incidents: bool,
    /// Patch levels followed its releases, and do not count as repairs of them.
    pub has_idle_patch_releases: bool,
    /// Incidents are known that belong to no service, so perhaps to this one.
    pub has_unmapped_incidents: bool,
}

/// That a deployment is the baseline, as a condition: `DeploymentMetric::is_baseline`.
fn is_baseline() -> String {
    format!("kind = {} and commits = 0 and changes = 0", literal(DeploymentKind::First))
}

/// What is known of services that were computed.
pub async fn service_bases(tx: &mut StoreTx, part: &ReadPart) -> Result<Vec<ServiceBasis>, StoreError> {
    let (idle, unmapped) = (literal(FindingKind::PatchReleases), literal(FindingKind::IncidentWithoutService));
    let baseline = is_baseline();
    let statement = format!(
        "select c.service, c.partial, c.statement, d.first, d.last, d.baseline,
                exists (select from incident_metric i where i.service = c.service),
                exists (select from finding f where f.service = c.service and f.kind = {idle}),
                exists (select from finding f where f.kind = {unmapped})
         from computation c
         left join (select service, min(finished_at) filter (where counted) as first,
                           max(finished_at) filter (where counted) as last,
                           min(finished_at) filter (where {baseline}) as baseline
                    from deployment_metric where {} group by service) d using (service)
         where {}",
        part.condition(&[], "service", None),
        part.condition(&[], "c.service", None)
    );
    rows(tx, part, &statement, |row| {
        Ok(ServiceBasis {
            service: row.text()?.to_owned(),
            partial: row.bool()?,
            statement: row.opt_text()?.map(str::to_owned),
            first: row.opt_time()?,
            last: row.opt_time()?,
            baseline: row.opt_time()?,
            has_incidents: row.bool()?,
            has_idle_patch_releases: row.bool()?,
            has_unmapped_incidents: row.bool()?,
        })
    })
    .await
}
