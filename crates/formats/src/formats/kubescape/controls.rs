//! Controls → issue types and what they speak of, as data; what is not listed concerns no identity.

use reeve_domain::observation::IssueType::{
    self, ExternalAccess, IdentityDormant, OverPrivileged, SecretExposed,
};
use reeve_domain::observation::Statement;

/// What a control speaks of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The resource itself, if it is a role, a binding, or somebody who holds one.
    Access,
    /// The service account itself, or the one that the workload runs as.
    RunsAs,
    /// Whatever secret lies in the resource.
    Place,
}

const CONTROLS: &[(&str, IssueType, Target)] = &[
    ("C-0002", OverPrivileged, Target::Access),  // exec into container
    ("C-0007", OverPrivileged, Target::Access),  // data destruction: roles that may delete
    ("C-0012", SecretExposed, Target::Place),    // credentials in configuration files
    ("C-0015", OverPrivileged, Target::Access),  // list secrets
    ("C-0031", OverPrivileged, Target::Access),  // delete events
    ("C-0034", OverPrivileged, Target::RunsAs),  // token mounted without need
    ("C-0035", OverPrivileged, Target::Access),  // administrative roles, cluster-admin binding
    ("C-0037", OverPrivileged, Target::Access),  // CoreDNS poisoning
    ("C-0053", OverPrivileged, Target::RunsAs),  // access container service account
    ("C-0063", OverPrivileged, Target::Access),  // port forwarding
    ("C-0065", OverPrivileged, Target::Access),  // impersonation
    ("C-0185", OverPrivileged, Target::Access),  // CIS 5.1.1 cluster-admin only where required
    ("C-0186", OverPrivileged, Target::Access),  // CIS 5.1.2 access to secrets
    ("C-0187", OverPrivileged, Target::Access),  // CIS 5.1.3 wildcards
    ("C-0188", OverPrivileged, Target::Access),  // CIS 5.1.4 create pods
    ("C-0189", IdentityDormant, Target::RunsAs), // CIS 5.1.5 default service accounts not used
    ("C-0190", OverPrivileged, Target::RunsAs),  // CIS 5.1.6 tokens mounted only where needed
    ("C-0191", OverPrivileged, Target::Access),  // CIS 5.1.8 bind, impersonate, escalate
    ("C-0207", SecretExposed, Target::Place),    // CIS 5.4.1 secrets as files, not as variables
    ("C-0246", OverPrivileged, Target::Access),  // CIS 5.1.7 system:masters
    ("C-0255", OverPrivileged, Target::RunsAs),  // workload with secret access
    ("C-0259", SecretExposed, Target::Place),    // workload with credential access
    ("C-0261", OverPrivileged, Target::RunsAs),  // service account token mounted
    ("C-0262", ExternalAccess, Target::Access),  // anonymous access
    ("C-0265", OverPrivileged, Target::Access),  // authenticated users have sensitive permissions
    ("C-0267", OverPrivileged, Target::RunsAs),  // workload with cluster takeover roles
    ("C-0272", OverPrivileged, Target::RunsAs),  // workload with administrative roles
    ("C-0278", OverPrivileged, Target::Access),  // CIS 5.1.9 create persistent volumes
    ("C-0279", OverPrivileged, Target::Access),  // CIS 5.1.10 nodes/proxy
    ("C-0280", OverPrivileged, Target::Access),  // CIS 5.1.11 approve certificates
    ("C-0281", OverPrivileged, Target::Access),  // CIS 5.1.12 webhook configurations
    ("C-0282", OverPrivileged, Target::Access),  // CIS 5.1.13 create tokens
];

/// Words in the names of controls of an own library.
const NAMES: &[(&str, IssueType, Target)] = &[
    ("rbac", OverPrivileged, Target::Access),
    ("cluster-admin", OverPrivileged, Target::Access),
    ("clusterrole", OverPrivileged, Target::Access),
    ("rolebinding", OverPrivileged, Target::Access),
    ("impersonat", OverPrivileged, Target::Access),
    ("service account", OverPrivileged, Target::RunsAs),
    ("serviceaccount", OverPrivileged, Target::RunsAs),
];

/// What a control is about; none if it concerns no identity.
pub(super) fn meaning(id: &str, name: &str) -> Option<(IssueType, Target)> {
    let by_id = CONTROLS.iter().find(|(known, ..)| *known == id);
    let name = name.to_ascii_lowercase();
    let by_name = || {
        let is_own = !id.starts_with("C-0");
        NAMES.iter().find(|(word, ..)| is_own && name.contains(word))
    };
    by_id
        .or_else(by_name)
        .map(|(_, issue_type, target)| (*issue_type, *target))
}

/// What a control proves by passing.
pub(super) fn proven_by_passing(target: Target) -> Statement {
    match target {
        Target::Place => Statement::RemovedFromSource,
        Target::Access | Target::RunsAs => Statement::PrivilegeReduced,
    }
}
