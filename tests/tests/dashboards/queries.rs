//! The queries that ship, as Grafana would send them.

use serde_json::Value;

const DASHBOARDS: [(&str, &str); 2] = [
    (
        "soc",
        include_str!("../../../config/grafana/dashboards/reeve-soc.json"),
    ),
    (
        "remediation",
        include_str!("../../../config/grafana/dashboards/reeve-remediation.json"),
    ),
];

/// A query and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    /// Dashboard and panel, or the rule.
    pub(crate) shown_in: String,
    /// In PromQL.
    pub(crate) text: String,
}

/// Every query of every panel and variable of both dashboards.
pub(crate) fn dashboards() -> Vec<Query> {
    let mut queries = Vec::new();
    for (name, text) in DASHBOARDS {
        let dashboard: Value = serde_json::from_str(text).expect("a dashboard is JSON");
        for panel in items(&dashboard["panels"]) {
            for target in items(&panel["targets"]) {
                queries.push(query(name, &panel["title"], &target["expr"]));
            }
        }
        for variable in items(&dashboard["templating"]["list"]) {
            if variable["type"] == "query" {
                queries.push(label_values(name, variable));
            }
        }
    }
    queries
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn query(dashboard: &str, title: &Value, text: &Value) -> Query {
    let text = text.as_str().expect("a target has a query");
    let filled = [
        ("$__rate_interval", "30s"),
        ("$__range", "10m"),
        ("$instance", ".*"),
        ("$priority", ".*"),
        ("$route", ".*"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (variable, value)| {
        text.replace(variable, value)
    });
    assert!(!filled.contains('$'), "a variable of no dashboard: {filled}");
    Query {
        shown_in: format!("{dashboard}: {}", title.as_str().unwrap_or_default()),
        text: filled,
    }
}

/// `label_values(metric, label)` has values where the metric has series with that label.
fn label_values(dashboard: &str, variable: &Value) -> Query {
    let text = variable["query"]["query"].as_str().unwrap_or_default();
    let inner = text
        .strip_prefix("label_values(")
        .and_then(|rest| rest.strip_suffix(')'));
    let (metric, label) = inner
        .and_then(|inner| inner.split_once(", "))
        .expect("label_values(metric, label)");
    Query {
        shown_in: format!("{dashboard}: variable {label}"),
        text: format!("count by ({label}) ({metric}{{{label}!=\"\"}})"),
    }
}

/// What an alert looks at: its expression without the comparison that ends it.
pub(crate) fn without_threshold(text: &str) -> Option<&str> {
    let (rest, number) = text.rsplit_once(' ')?;
    number.parse::<f64>().ok()?;
    let (rest, comparison) = rest.rsplit_once(' ')?;
    ["<", ">", "==", "!=", "<=", ">="]
        .contains(&comparison)
        .then_some(rest)
}
