//! Calls to the API of a GKE cluster, which Cloud Logging keeps in a form of its own.

use super::super::k8s_audit::Call;
use super::Entry;
use crate::draft::Reading;
use crate::time;

/// `io.k8s.authorization.rbac.v1.clusterrolebindings.create` on
/// `rbac.authorization.k8s.io/v1/namespaces/prod/rolebindings/admins`.
pub(super) fn call<'d>(entry: &Entry<'d>, method: &'d str) -> Reading<'d> {
    let mut words = method.rsplit('.');
    let verb = words.next().unwrap_or_default();
    let resource = entry.payload.get("resourceName").text().unwrap_or_default();
    let parts: Vec<&'d str> = resource.split('/').collect();
    let after = |name: &str| {
        let at = parts.iter().position(|part| *part == name)?;
        parts.get(at + 1).copied()
    };
    let namespace = after("namespaces");
    let kind_at = if namespace.is_some() { 4 } else { 2 };
    let part = |index: usize| parts.get(index).copied().unwrap_or_default();
    let user = entry.payload.at(&["authenticationInfo", "principalEmail"]);
    let call = Call {
        cluster: entry
            .json
            .at(&["resource", "labels", "cluster_name"])
            .text()
            .unwrap_or_default(),
        verb,
        resource: part(kind_at),
        subresource: part(kind_at + 2),
        namespace: namespace.unwrap_or_default(),
        name: part(kind_at + 1),
        user: user.text().unwrap_or_default(),
        request: entry.payload.get("request"),
        response: entry.payload.get("response"),
        id: entry.json.get("insertId").text().unwrap_or_default(),
        observed_at: time::first_of([entry.json.get("timestamp"), entry.json.get("receiveTimestamp")]),
    };
    call.reading()
}
