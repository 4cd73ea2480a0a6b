//! A small graph for tests.

use kernel::Sha;
use store::history::CommitRow;

use super::{Graph, Texts};

/// The id of a commit of [`graph`].
pub(crate) fn sha(number: u8) -> Sha {
    Sha::from_bytes(&[number; 20]).unwrap()
}

/// 1 - 2 - 3 - 5 (merge of 4, which comes from 1); 8 and 9 are each other's parents.
pub(crate) fn graph() -> Graph {
    let (mut graph, mut texts) = (Graph::default(), Texts::default());
    for (number, parents) in
        [(1, vec![]), (2, vec![1]), (3, vec![2]), (4, vec![1]), (5, vec![3, 4]), (8, vec![9]), (9, vec![8])]
    {
        let parents: Vec<Sha> = parents.into_iter().map(sha).collect();
        let row = CommitRow {
            repository: "h/o/r",
            sha: sha(number),
            parents: Some(&parents),
            author: None,
            authored_us: 0,
            committed_us: 0,
            subject: "",
            branch: None,
            reverts: &[],
            directories: None,
            directories_truncated: false,
            cherry_picked_from: None,
        };
        graph.add(&row, &[], &mut texts);
    }
    graph
}
