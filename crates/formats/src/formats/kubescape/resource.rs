//! The resource that a control was checked on, and the subjects it stands for.

use std::borrow::Cow;

use reeve_domain::key::{Rel, Strength, k8s};

use super::super::k8s_objects;
use super::controls::Target;
use super::held::{self, Held};
use crate::draft::{Also, Named, Place, SubjectOf};
use crate::json::Json;

static NONE: Json<'static> = Json::Null;

/// A resource of a cluster or of a file.
pub(super) struct Resource<'d> {
    pub(super) id: &'d str,
    object: &'d Json<'d>,
    cluster: &'d str,
    kind: &'d str,
    namespace: &'d str,
    name: &'d str,
    repository: Option<&'d str>,
    path: Option<&'d str>,
}

/// One subject of a resource.
pub(super) struct Meant<'d> {
    pub(super) of: SubjectOf<'d>,
    pub(super) also: Vec<Also<'d>>,
    pub(super) place: Place<'d>,
}

impl<'d> Resource<'d> {
    /// By its object; a report may be without objects, then by what its id says.
    pub(super) fn of_result(report: &'d Json<'d>, result: &'d Json<'d>, resource: &'d Json<'d>) -> Self {
        let id = result.get("resourceID").text().unwrap_or_default();
        let source = resource.get("source");
        Self {
            repository: repository_of(report),
            path: source.get("relativePath").text().or(source.get("path").text()),
            ..Self::of_object(report, id, resource.get("object"))
        }
    }

    /// An object as a report has it, and its id.
    pub(super) fn of_object(report: &'d Json<'d>, id: &'d str, object: &'d Json<'d>) -> Self {
        let (namespace, kind, name) = parts_of(id);
        let own = |field: &str| {
            let text = object.at(&["metadata", field]).text();
            text.or(object.get(field).text())
        };
        Self {
            id,
            object,
            cluster: cluster_of(report),
            kind: object.get("kind").text().unwrap_or(kind),
            namespace: own("namespace").unwrap_or(namespace),
            name: own("name").unwrap_or(name),
            repository: None,
            path: None,
        }
    }

    /// The workload that a report in the cluster belongs to.
    pub(super) fn of_kept(report: &'d Json<'d>) -> Self {
        let label = |name: &str| report.at(&["metadata", "labels", name]).text();
        Self {
            id: report.at(&["metadata", "name"]).text().unwrap_or_default(),
            object: &NONE,
            cluster: "",
            kind: label("kubescape.io/workload-kind").unwrap_or_default(),
            namespace: label("kubescape.io/workload-namespace").unwrap_or_default(),
            name: label("kubescape.io/workload-name").unwrap_or_default(),
            repository: None,
            path: None,
        }
    }

    /// Everyone whom the control speaks of; nobody makes the record a drop.
    pub(super) fn subjects(&self, target: Target) -> Vec<Meant<'d>> {
        match target {
            Target::Place => vec![Meant {
                of: SubjectOf::Place,
                also: Vec::new(),
                place: self.place(),
            }],
            Target::Access if k8s_objects::is_subject(self.kind) => self.holders(),
            Target::RunsAs => self
                .runs_as()
                .into_iter()
                .map(|named| self.meant(named))
                .collect(),
            Target::Access => Vec::new(),
        }
    }

    /// A subject with the bindings that it holds is each of them; without, itself.
    fn holders(&self) -> Vec<Meant<'d>> {
        let held = match self.object {
            Json::Null => held::named_in(self.id),
            object => held::beside(object),
        };
        match held.is_empty() {
            true => {
                let named = k8s_objects::object(self.cluster, self.kind, self.namespace, self.name);
                vec![self.meant(named)]
            }
            false => held.into_iter().map(|binding| self.holding(binding)).collect(),
        }
    }

    fn holding(&self, binding: Held<'d>) -> Meant<'d> {
        let path = match binding.kind {
            "RoleBinding" => format!("{}/{}", binding.namespace, binding.name),
            _ => binding.name.to_owned(),
        };
        let holder = k8s::subject_name(self.kind, self.namespace, self.name);
        let named = Named {
            texts: vec![self.cluster.into(), path.into(), holder.into()],
            build: |texts| k8s::binding(Some(texts[0]), texts[1], texts[2]),
        };
        let mut meant = self.meant(named);
        if binding.is_of_one {
            let whole = k8s_objects::object(self.cluster, binding.kind, binding.namespace, binding.name);
            meant.also.push(Also::Alias(Strength::Strong, whole));
        }
        if let Some((kind, name)) = binding.role {
            let given = k8s_objects::object(self.cluster, kind, binding.namespace, name);
            meant.also.push(Also::Link(Rel::Holds, given));
        }
        meant
    }

    fn runs_as(&self) -> Option<Named<'d>> {
        if self.kind == "ServiceAccount" {
            return Some(k8s_objects::object(
                self.cluster,
                self.kind,
                self.namespace,
                self.name,
            ));
        }
        let specs = [
            &["spec"][..],
            &["spec", "template", "spec"],
            &["spec", "jobTemplate", "spec", "template", "spec"],
        ];
        let names = ["serviceAccountName", "serviceAccount"];
        let account = specs
            .iter()
            .flat_map(|spec| names.map(|name| self.object.at(spec).get(name)))
            .find_map(Json::text)?;
        Some(k8s_objects::object(
            self.cluster,
            "ServiceAccount",
            self.namespace,
            account,
        ))
    }

    fn meant(&self, named: Named<'d>) -> Meant<'d> {
        Meant {
            of: SubjectOf::Named(named),
            also: Vec::new(),
            place: self.place(),
        }
    }

    fn place(&self) -> Place<'d> {
        let cluster = Some(self.cluster).filter(|name| !name.is_empty());
        let named = [self.namespace, self.kind, self.name];
        let named = named.into_iter().filter(|part| !part.is_empty());
        let resource: Vec<&str> = cluster.into_iter().chain(named).collect();
        Place {
            repository: self.repository.map(Cow::Borrowed),
            path: self.path.map(Cow::Borrowed),
            resource: Some(resource.join("/").into()),
            ..Place::default()
        }
    }
}

/// The cluster of a scan as its context is called, like everywhere else; empty if it is not known. `clusterName` is the
/// same with some of its characters changed, which ones depends on the version.
pub(super) fn cluster_of<'d>(report: &'d Json<'d>) -> &'d str {
    let contexts = [
        &["clusterMetadata"][..],
        &["targetMetadata", "clusterContextMetadata"],
        &["contextMetadata", "clusterContextMetadata"],
    ];
    let metadata = report.get("metadata");
    let context = contexts
        .iter()
        .find_map(|path| metadata.at(path).get("contextName").text());
    context.or(report.get("clusterName").text()).unwrap_or_default()
}

/// A scan of files outside any repository calls its own folder one.
fn repository_of<'d>(report: &'d Json<'d>) -> Option<&'d str> {
    let known = ["targetMetadata", "contextMetadata"]
        .iter()
        .map(|name| report.at(&["metadata", name, "gitRepoContextMetadata"]));
    let urls = known.flat_map(|checkout| [checkout.get("remoteURL"), checkout.get("repo")]);
    urls.filter_map(Json::text).find(|url| !url.starts_with("file@"))
}

/// Namespace, kind and name in an id such as `rbac.authorization.k8s.io/v1/prod/Role/deployer`.
fn parts_of(id: &str) -> (&str, &str, &str) {
    let parts: Vec<&str> = id.split('/').collect();
    let at = parts.iter().position(|part| k8s_objects::is_subject(part));
    let at = at.unwrap_or(parts.len().saturating_sub(2));
    let part = |index: Option<usize>| index.and_then(|index| parts.get(index)).copied();
    (
        part(at.checked_sub(1)).unwrap_or_default(),
        part(Some(at)).unwrap_or_default(),
        part(Some(at + 1)).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_resource() {
        assert_eq!(
            parts_of("rbac.authorization.k8s.io/v1/prod/Role/deployer"),
            ("prod", "Role", "deployer")
        );
        assert_eq!(
            parts_of("rbac.authorization.k8s.io//User/bo/rbac.authorization.k8s.io/v1//ClusterRole/ops"),
            ("", "User", "bo")
        );
        assert_eq!(
            parts_of("path=1/api=apps/v1//Deployment/api"),
            ("", "Deployment", "api")
        );
        assert_eq!(parts_of(""), ("", "", ""));
    }
}
