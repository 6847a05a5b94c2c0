//! Where a task goes: the first route that fits, else the named fallback; so every task has a route.

mod lint;
mod raw;
mod template;
mod trial;

pub(crate) use raw::RawRoutes;
pub(crate) use trial::Trial;

use reeve_domain::context::Owners;
use reeve_domain::task::{Route, RouteTried};

use crate::matcher::{Matches, View};
use template::Template;

/// The routes in order, with their fallback.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    routes: Vec<Conditional>,
    fallback: Destination,
}

#[derive(Clone, Debug)]
struct Conditional {
    matches: Matches,
    destination: Destination,
}

#[derive(Clone, Debug)]
struct Destination {
    name: String,
    queue: Template,
    channel: String,
    target: Template,
}

impl Routes {
    /// The route of a task, and every route that was tried for it; the last one tried is the one that fits.
    pub(crate) fn choose(&self, view: &View<'_>, owners: &Owners) -> (Route, Vec<RouteTried>) {
        let mut tried = Vec::new();
        for route in &self.routes {
            let failed = route.matches.failure(view);
            let fits = failed.is_none();
            tried.push(RouteTried {
                route: route.destination.name.clone(),
                failed,
            });
            if fits {
                return (route.destination.for_owners(owners), tried);
            }
        }
        tried.push(RouteTried {
            route: self.fallback.name.clone(),
            failed: None,
        });
        (self.fallback.for_owners(owners), tried)
    }

    /// What each route asks for, in order, the fallback last.
    pub(crate) fn says(&self) -> Vec<(String, String)> {
        let routes = self
            .routes
            .iter()
            .map(|route| (route.destination.name.clone(), route.matches.says()));
        routes
            .chain([(self.fallback.name.clone(), "everything else".to_owned())])
            .collect()
    }
}

impl Destination {
    fn for_owners(&self, owners: &Owners) -> Route {
        Route {
            rule: self.name.clone(),
            queue: self.queue.fill(owners),
            channel: self.channel.clone(),
            target: self.target.fill(owners),
        }
    }
}
