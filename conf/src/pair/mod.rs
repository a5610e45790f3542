//! The files of two or more nodes against each other.

mod compare;
mod elect;
mod finding;
mod group;
mod hear;
mod outcome;
mod render;
mod servers;
mod sync;
mod transport;
mod weights;

use crate::Loaded;
use crate::diag::Severity;
use finding::Finding;

/// A node and what it loaded.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    /// How it is called in the report, `web1`.
    pub name: &'a str,
    /// Its configuration, read with `Options::origins`, so that the report can name places.
    pub loaded: &'a Loaded,
}

/// What comes of the nodes together.
#[derive(Debug)]
pub struct PairReport {
    nodes: Vec<String>,
    parts: Vec<Part>,
}

/// What is said about one virtual router, or about all virtual servers.
#[derive(Debug, Default)]
struct Part {
    /// `VI_1 / VI_1`; empty for what is no instance.
    name: String,
    /// The first line.
    title: String,
    findings: Vec<Finding>,
    /// What is the same on all nodes.
    agree: Vec<&'static str>,
    outcome: Option<outcome::Outcome>,
}

impl PairReport {
    /// How many findings break the failover.
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// How many findings are probably not what was meant.
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    fn count(&self, severity: Severity) -> usize {
        let findings = self.parts.iter().flat_map(|part| &part.findings);
        findings
            .filter(|finding| finding.severity == severity)
            .count()
    }
}

/// Compares nodes that are to back each other up. The order of the nodes is that of the report.
pub fn pair(nodes: &[Node<'_>]) -> PairReport {
    let mut parts: Vec<Part> = nodes.iter().filter_map(not_loaded).collect();
    let groups = group::groups(nodes);
    let mut routers: Vec<Part> = groups
        .iter()
        .map(|group| compare::part(group, nodes))
        .collect();
    let sync = sync::compare(nodes, &groups, &mut routers);
    parts.append(&mut routers);
    parts.extend(sync);
    parts.extend(servers::part(nodes));
    PairReport {
        nodes: nodes.iter().map(|node| node.name.to_owned()).collect(),
        parts,
    }
}

/// A node whose file has errors takes no part in the comparison.
fn not_loaded(node: &Node<'_>) -> Option<Part> {
    if node.loaded.config.is_some() {
        return None;
    }
    let errors = node.loaded.report.errors();
    let plural = if errors == 1 { "" } else { "s" };
    Some(Part {
        title: format!("node {}", node.name),
        findings: vec![Finding::new(
            crate::Code::PairNotLoaded,
            Severity::Error,
            format!(
                "{} has {errors} error{plural} of its own and is left out: `holdfast -t` shows them",
                node.name
            ),
        )],
        ..Part::default()
    })
}
