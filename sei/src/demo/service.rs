//! The history of one service, day after day: changes are begun, merged, deployed; some deployments
//! fail, are noticed and repaired.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Datelike, TimeDelta, Utc, Weekday};
use kernel::{
    AccountId, ChangeId, Deployment, DeploymentId, DeploymentSource, Fact, Incident, IncidentId, Outcome, Sha,
};

use super::dice::{Dice, whole};
use super::life::{Life, Purpose, Setting, stated, working};
use super::names;
use super::organization::{Organization, ServicePlan, Style, Trend};
use super::scale::{Demo, Scale};
use super::surroundings::Surroundings;

/// Of as many days after the end of the history there are items of changes to come.
const DAYS_AHEAD: i64 = 14;

/// The facts of all services, one service after the other.
pub(super) fn histories(demo: &Demo, organization: Organization) -> impl Iterator<Item = Fact> + Send + use<> {
    let count = organization.services.len();
    let organization = Arc::new(organization);
    let demo = demo.clone();
    (0..count).flat_map(move |index| -> Box<dyn Iterator<Item = Fact> + Send> {
        let history = History::new(&demo, &organization, index);
        match organization.services.get(index) {
            Some(plan) if demo.scale.surroundings => Box::new(Surroundings::new(&demo, plan, index, history)),
            _ => Box::new(history),
        }
    })
}

/// What is going to happen.
enum Task {
    /// A change is merged, or closed.
    End(Box<Life>, Option<Box<Repair>>),
    /// What is on the default branch is deployed.
    Deploy(Option<Box<Repair>>),
    /// A failure is dealt with.
    Repair(Box<Repair>),
}

/// A failed deployment on the way to its repair.
struct Repair {
    failed: DeploymentId,
    /// The last change that it carried, its title and its commit on the default branch.
    culprit: Option<(ChangeId, String, Sha)>,
    incident: Option<Incident>,
    /// The commit that ran before.
    before: Option<Sha>,
}

struct History {
    organization: Arc<Organization>,
    index: usize,
    scale: Scale,
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
    day: i64,
    dice: Dice,
    /// What is going to happen, in the order of time; the number distinguishes equal times.
    agenda: BTreeMap<(DateTime<Utc>, u64), Task>,
    tasks: u64,
    out: VecDeque<Fact>,
    /// The newest commit of the default branch, and the change that brought it.
    main: Sha,
    newest: Option<(ChangeId, String, Sha)>,
    running: Option<Sha>,
    repairing: bool,
    numbers: i64,
    deployments: i64,
    incidents: i64,
    version: (i64, i64, i64),
    due: f64,
}

impl Iterator for History {
    type Item = Fact;

    fn next(&mut self) -> Option<Fact> {
        loop {
            if let Some(fact) = self.out.pop_front() {
                return Some(fact);
            }
            if self.day > i64::from(self.scale.days) {
                return None;
            }
            self.live_a_day();
        }
    }
}

impl History {
    fn new(demo: &Demo, organization: &Arc<Organization>, index: usize) -> Self {
        let mut dice = Dice::new(demo.seed, 1 + u64::try_from(index).unwrap_or_default());
        let main = dice.sha();
        Self {
            organization: Arc::clone(organization),
            index,
            scale: demo.scale.clone(),
            begin: demo.end - TimeDelta::days(i64::from(demo.scale.days)),
            end: demo.end,
            day: 0,
            dice,
            agenda: BTreeMap::new(),
            tasks: 0,
            out: VecDeque::new(),
            main,
            newest: None,
            running: None,
            repairing: false,
            numbers: 0,
            deployments: 0,
            incidents: 0,
            version: (1, 0, 0),
            due: 0.0,
        }
    }

    fn live_a_day(&mut self) {
        let morning = self.begin + TimeDelta::days(self.day);
        if self.day == 0 {
            self.root();
        }
        self.day += 1;
        let evening = if self.day > i64::from(self.scale.days) { self.end } else { morning + TimeDelta::days(1) };
        if morning < self.end {
            self.plan_changes(morning);
            self.plan_deployments(morning);
            self.outside_incident(morning);
        }
        while let Some(entry) = self.agenda.first_entry() {
            if entry.key().0 >= evening {
                break;
            }
            let ((at, _), task) = entry.remove_entry();
            match task {
                Task::End(life, repair) => self.end(at, *life, repair),
                Task::Deploy(repair) => self.deploy(at, repair),
                Task::Repair(repair) => self.repair(at, repair),
            }
        }
        if self.day > i64::from(self.scale.days) {
            self.leave_open();
        }
    }

    /// The first commit of the repository.
    fn root(&mut self) {
        let sha = self.main;
        let (at, repository) = (self.begin, self.with_service(|service| service.repository.clone()));
        let Some(repository) = repository else { return };
        self.out.push_back(Fact::Commit(kernel::Commit {
            parents: Some(Vec::new()),
            author: self.members().first().cloned(),
            subject: "Start".to_owned(),
            branch: Some("main".to_owned()),
            additions: Some(120),
            deletions: Some(0),
            changed_files: Some(8),
            ..kernel::Commit::new(repository, sha, at, at, stated(at))
        }));
    }

    fn with_service<T>(&self, of: impl FnOnce(&ServicePlan) -> T) -> Option<T> {
        self.organization.services.get(self.index).map(of)
    }

    fn members(&self) -> &[AccountId] {
        let team = self.organization.services.get(self.index).and_then(|plan| self.organization.teams.get(plan.team));
        team.map(|team| team.members.as_slice()).unwrap_or_default()
    }

    /// By what delays and failures are multiplied at this time.
    fn trend(&self, at: DateTime<Utc>) -> f64 {
        let team = self.organization.services.get(self.index).and_then(|plan| self.organization.teams.get(plan.team));
        let progress = (at - self.begin).as_seconds_f64() / (self.end - self.begin).as_seconds_f64().max(1.0);
        team.map_or(Trend::Steady, |team| team.trend).factor(progress)
    }

    fn schedule(&mut self, at: DateTime<Utc>, task: Task) {
        self.tasks += 1;
        self.agenda.insert((at, self.tasks), task);
    }

    fn plan_changes(&mut self, morning: DateTime<Utc>) {
        let rate = self.with_service(|plan| plan.changes).unwrap_or_default() * load(morning);
        for _ in 0..self.dice.count(rate) {
            let start = morning + TimeDelta::seconds(self.dice.between(8 * 3600, 18 * 3600));
            let purpose = if self.dice.chance(0.1) { Purpose::Update } else { Purpose::Work };
            self.begin_change(start, purpose, None);
        }
    }

    fn begin_change(&mut self, start: DateTime<Utc>, purpose: Purpose, repair: Option<Box<Repair>>) {
        self.numbers += 1;
        let (number, slowness) = (self.numbers, self.trend(start));
        let organization = Arc::clone(&self.organization);
        let Some(setting) = setting(&organization, self.index, self.main, slowness, &self.scale) else { return };
        let life = Life::plan(&mut self.dice, &setting, number, start, purpose);
        self.schedule(life.ends_at, Task::End(Box::new(life), repair));
    }

    fn end(&mut self, at: DateTime<Utc>, life: Life, repair: Option<Box<Repair>>) {
        let (id, title) = (life.id.clone(), life.title.clone());
        if let Some(sha) = self.report(life, at) {
            self.main = sha;
            self.newest = Some((id, title, sha));
        }
        if let Some(repair) = repair {
            let soon = at + TimeDelta::seconds(self.dice.between(180, 900));
            self.schedule(soon, Task::Deploy(Some(repair)));
        }
    }

    fn report(&mut self, life: Life, now: DateTime<Utc>) -> Option<Sha> {
        let organization = Arc::clone(&self.organization);
        let setting = setting(&organization, self.index, self.main, 1.0, &self.scale)?;
        life.report(&mut self.dice, &setting, now, &mut self.out)
    }

    fn plan_deployments(&mut self, morning: DateTime<Utc>) {
        let mut rate = self.with_service(|plan| plan.deployments).unwrap_or_default() * load(morning);
        rate /= self.trend(morning).sqrt();
        let times = if rate >= 1.0 || load(morning) < 1.0 {
            self.dice.count(rate)
        } else {
            // a fixed rhythm: each second day, each week
            self.due += rate;
            let due = self.due.floor();
            self.due -= due;
            whole(due)
        };
        for _ in 0..times {
            let at = morning + TimeDelta::seconds(self.dice.between(9 * 3600, 17 * 3600));
            self.schedule(at, Task::Deploy(None));
        }
    }

    fn deploy(&mut self, at: DateTime<Utc>, repair: Option<Box<Repair>>) {
        let (main, running) = (self.main, self.running);
        if repair.is_none() && (self.repairing || (running == Some(main) && !self.dice.chance(0.02))) {
            return;
        }
        if self.dice.chance(0.03) {
            self.deployment(at, main, Outcome::Failure, repair.is_some());
            self.schedule(at + TimeDelta::minutes(25), Task::Deploy(repair));
            return;
        }
        let (id, finished_at) = self.deployment(at, main, Outcome::Success, repair.is_some());
        self.running = Some(main);
        if let Some(repair) = repair {
            self.repaired(*repair, finished_at, &id);
            return;
        }
        let fail_rate = self.with_service(|plan| plan.fail_rate).unwrap_or_default() * self.trend(at);
        if running.is_some() && running != Some(main) && self.dice.chance(fail_rate) {
            self.fail(finished_at, id, running);
        }
    }

    /// Writes down a deployment. Returns its id and when it was finished.
    fn deployment(
        &mut self,
        at: DateTime<Utc>,
        sha: Sha,
        outcome: Outcome,
        patch: bool,
    ) -> (DeploymentId, DateTime<Utc>) {
        self.deployments += 1;
        let finished_at = at + TimeDelta::seconds(self.dice.between(90, 900));
        let style = self.with_service(|plan| plan.style).unwrap_or(Style::Environments);
        let Some(repository) = self.with_service(|plan| plan.repository.clone()) else {
            return (DeploymentId(String::new()), finished_at);
        };
        self.version = match self.version {
            (major, minor, level) if patch => (major, minor, level + 1),
            (major, minor, _) if minor >= 40 => (major + 1, 0, 0),
            (major, minor, _) => (major, minor + 1, 0),
        };
        let name = format!("v{}.{}.{}", self.version.0, self.version.1, self.version.2);
        let (id, source) = match style {
            Style::Environments => (repository.deployment(self.deployments), DeploymentSource::Deployment),
            Style::Releases => (repository.release(self.deployments), DeploymentSource::Release),
            Style::Tags => (repository.tag(&name), DeploymentSource::Tag),
        };
        let production = Deployment {
            source,
            url: Some(format!("https://{id}")),
            repository: Some(repository),
            environment: (style == Style::Environments).then(|| "production".to_owned()),
            sha: Some(sha),
            name: Some(name),
            started_at: Some(at),
            finished_at: Some(finished_at),
            outcome: Some(outcome),
            ..Deployment::new(id.clone(), stated(finished_at))
        };
        if self.scale.surroundings && style == Style::Environments && !patch {
            let before = TimeDelta::minutes(self.dice.between(10, 50));
            self.out.push_back(Fact::Deployment(Deployment {
                id: DeploymentId(format!("{id}-staging")),
                environment: Some("staging".to_owned()),
                started_at: Some(at - before),
                finished_at: Some(finished_at - before),
                version: stated(finished_at - before),
                ..production.clone()
            }));
        }
        // a release or tag that was not finished is not there at all
        if style == Style::Environments || outcome == Outcome::Success {
            self.out.push_back(Fact::Deployment(production));
        }
        (id, finished_at)
    }

    fn fail(&mut self, at: DateTime<Utc>, failed: DeploymentId, before: Option<Sha>) {
        self.repairing = true;
        let detected_at = at + self.dice.hours(0.5).min(TimeDelta::hours(10));
        let known = self.dice.chance(0.5);
        let incident = self.dice.chance(self.scale.incidents).then(|| {
            let mut incident = self.incident(detected_at);
            incident.caused_by_deployment = known.then(|| failed.to_string());
            incident
        });
        let culprit = self.newest.clone();
        let delay = self.dice.hours(0.3) + TimeDelta::minutes(5);
        let at = detected_at + delay;
        self.schedule(at, Task::Repair(Box::new(Repair { failed, culprit, incident, before })));
    }

    fn repair(&mut self, at: DateTime<Utc>, mut repair: Box<Repair>) {
        if let Some(incident) = &mut repair.incident {
            incident.acknowledged_at = Some(at);
        }
        let environments = self.with_service(|plan| plan.style) == Some(Style::Environments);
        let way = self.dice.between(0, 100);
        match (repair.before, repair.culprit.clone()) {
            (Some(before), culprit) if environments && way < 40 => {
                let (id, finished_at) = self.deployment(at, before, Outcome::Success, true);
                self.running = Some(before);
                self.repaired(*repair, finished_at, &id);
                if let Some((change, title, sha)) = culprit {
                    let start = working(&mut self.dice, finished_at + TimeDelta::minutes(20));
                    self.begin_change(start, Purpose::Revert(change, title, sha), None);
                }
            }
            (_, Some((change, title, sha))) if way < 60 => {
                self.begin_change(at, Purpose::Revert(change, title, sha), Some(repair));
            }
            _ => self.begin_change(at, Purpose::Hotfix, Some(repair)),
        }
    }

    fn repaired(&mut self, repair: Repair, at: DateTime<Utc>, by: &DeploymentId) {
        self.repairing = false;
        if let Some(mut incident) = repair.incident {
            let resolved_at = at + TimeDelta::minutes(self.dice.between(2, 20));
            incident.resolved_at = Some(resolved_at);
            let named = incident.caused_by_deployment.as_deref() == Some(repair.failed.as_str());
            incident.fixed_by_deployment = named.then(|| by.to_string());
            incident.version = stated(resolved_at);
            self.out.push_back(Fact::Incident(incident));
        }
    }

    fn incident(&mut self, detected_at: DateTime<Utc>) -> Incident {
        self.incidents += 1;
        let service = self.with_service(|plan| plan.name.clone()).unwrap_or_default();
        let id = IncidentId(format!("pager.demo.example/{service}-{}", self.incidents));
        Incident {
            title: format!("{}: {service}", self.dice.word(&names::SYMPTOMS)),
            service: Some(service),
            severity: Some(self.dice.word(&["sev1", "sev2", "sev2", "sev3"]).to_owned()),
            ..Incident::new(id, detected_at, stated(detected_at))
        }
    }

    /// Now and then something fails that no deployment is to blame for.
    fn outside_incident(&mut self, morning: DateTime<Utc>) {
        if !self.scale.surroundings || !self.dice.chance(0.006) {
            return;
        }
        let detected_at = morning + TimeDelta::seconds(self.dice.between(0, 86_400));
        let resolved_at = detected_at + self.dice.hours(2.0);
        if resolved_at >= self.end {
            return;
        }
        let mut incident = self.incident(detected_at);
        incident.external_cause = true;
        incident.acknowledged_at = Some(detected_at + TimeDelta::minutes(4));
        incident.resolved_at = Some(resolved_at);
        incident.version = stated(resolved_at);
        self.out.push_back(Fact::Incident(incident));
    }

    /// What has not ended at the end of the history is reported as it stands; of the changes of the next days, the items
    /// that are there already.
    fn leave_open(&mut self) {
        if self.scale.surroundings {
            for day in 0..DAYS_AHEAD {
                self.plan_changes(self.end + TimeDelta::days(day));
            }
        }
        for task in std::mem::take(&mut self.agenda).into_values() {
            let repair = match task {
                Task::End(life, repair) => {
                    let end = self.end;
                    self.report(*life, end);
                    repair
                }
                Task::Deploy(repair) => repair,
                Task::Repair(repair) => Some(repair),
            };
            let incident = repair.and_then(|repair| repair.incident).filter(|incident| incident.detected_at < self.end);
            if let Some(mut incident) = incident {
                incident.acknowledged_at = incident.acknowledged_at.filter(|at| *at < self.end);
                self.out.push_back(Fact::Incident(incident));
            }
        }
    }
}

/// Little is done on Saturdays and Sundays.
fn load(day: DateTime<Utc>) -> f64 {
    if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) { 0.02 } else { 1.0 }
}

fn setting<'a>(
    organization: &'a Organization,
    index: usize,
    base: Sha,
    slowness: f64,
    scale: &Scale,
) -> Option<Setting<'a>> {
    let plan = organization.services.get(index)?;
    let team = organization.teams.get(plan.team)?;
    Some(Setting {
        repository: &plan.repository,
        members: &team.members,
        bot: &organization.bot,
        key: &team.key,
        of_team: plan.of_team,
        base,
        slowness,
        commits: scale.commits_per_change,
        squash: plan.squash,
        surroundings: scale.surroundings,
    })
}
