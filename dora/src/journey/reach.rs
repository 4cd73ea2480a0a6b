//! Which commits reach one: it is an ancestor of them, or is that commit.

use crate::history::Graph;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    Open,
    No,
    Yes,
}

/// What reaches a commit. Each commit is visited once, however many are asked about.
pub(super) struct Reach<'g> {
    graph: &'g Graph,
    states: Vec<State>,
}

impl<'g> Reach<'g> {
    /// Of a commit of the graph.
    pub fn of(graph: &'g Graph, anchor: u32) -> Self {
        let mut states = vec![State::Unknown; graph.len()];
        if let Some(state) = states.get_mut(anchor as usize) {
            *state = State::Yes;
        }
        Self { graph, states }
    }

    /// Whether a commit reaches it.
    pub fn has(&mut self, tip: u32) -> bool {
        let mut stack = vec![tip];
        while let Some(commit) = stack.last().copied() {
            match self.state(commit) {
                State::Unknown => {
                    self.set(commit, State::Open);
                    let parents = self.graph.parents(commit).iter();
                    stack.extend(parents.filter(|parent| self.state(**parent) == State::Unknown));
                }
                State::Open => {
                    let reaches = self.graph.parents(commit).iter().any(|parent| self.state(*parent) == State::Yes);
                    self.set(commit, if reaches { State::Yes } else { State::No });
                    stack.pop();
                }
                State::No | State::Yes => {
                    stack.pop();
                }
            }
        }
        self.state(tip) == State::Yes
    }

    fn state(&self, commit: u32) -> State {
        self.states.get(commit as usize).copied().unwrap_or(State::No)
    }

    fn set(&mut self, commit: u32, state: State) {
        if let Some(place) = self.states.get_mut(commit as usize) {
            *place = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::small_graph::{graph, sha};

    #[test]
    fn a_commit_is_reached_by_its_descendants_and_itself() {
        let graph = graph();
        let number = |of: u8| graph.find(&sha(of)).unwrap();
        let reached = |anchor: u8| {
            let mut reach = Reach::of(&graph, number(anchor));
            [5, 4, 3, 2, 1, 8].map(|tip| reach.has(number(tip)))
        };
        assert_eq!(reached(2), [true, false, true, true, false, false]);
        assert_eq!(reached(1), [true, true, true, true, true, false]);
        assert_eq!(reached(4), [true, true, false, false, false, false]);
        assert_eq!(reached(8), [false, false, false, false, false, true]);
    }
}
