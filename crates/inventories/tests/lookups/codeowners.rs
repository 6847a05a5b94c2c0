//! CODEOWNERS: whose file the secret leaked in.

use reeve_domain::context::{OwnerConfidence, SourceStatus};
use reeve_domain::observation::Location;
use reeve_inventories::{Ask, Inventories};

use crate::world::{ask, compile_in, lookup, statuses, subject};

fn repository(file: &str, text: &str) -> (tempfile::TempDir, Inventories) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    let yaml = "inventories: [{ name: CODEOWNERS, codeowners: [{ repository: 'acme/*', path: . }] }]";
    let inventories = compile_in(folder.path(), yaml).unwrap();
    (folder, inventories)
}

async fn owner_of(inventories: &Inventories, repository: &str, path: &str) -> Option<(String, String)> {
    let location = Location {
        repository: Some(repository.into()),
        path: Some(path.into()),
        ..Location::default()
    };
    let leaked = subject("leaked");
    let known = ask(
        inventories,
        &Ask {
            location: Some(&location),
            ..Ask::about(&leaked)
        },
    )
    .await;
    known.owners.resolver.map(|owner| (owner.reference, owner.rule))
}

async fn check(lines: &str, path: &str, wanted: Option<&str>) {
    let (_folder, inventories) = repository("CODEOWNERS", lines);
    let owner = owner_of(&inventories, "https://github.com/acme/app", path).await;
    assert_eq!(
        owner.map(|(reference, _)| reference).as_deref(),
        wanted,
        "{lines:?} {path}"
    );
}

#[tokio::test]
async fn the_last_pattern_that_matches_wins() {
    let lines =
        "* @acme/everyone\n*.js @acme/web # the browser\n/infra/ ops@example.com\n/infra/docs/ @writer\n";
    check(lines, "README.md", Some("acme/everyone")).await;
    check(lines, "src/deep/a.js", Some("acme/web")).await;
    check(lines, "infra/main.tf", Some("ops@example.com")).await;
    check(lines, "infra/a.js", Some("ops@example.com")).await;
    check(lines, "infra/docs/a.md", Some("writer")).await;
    check(
        "/infra/ @acme/ops\n* @acme/everyone\n",
        "infra/main.tf",
        Some("acme/everyone"),
    )
    .await;
}

#[tokio::test]
async fn patterns_match_as_they_do_at_their_source() {
    for (pattern, path, matches) in [
        ("*", "a/b/c", true),
        ("*.js", "a/b.js", true),
        ("*.js", "a/b.jsx", false),
        ("/build/logs/", "build/logs/x/y", true),
        ("/build/logs/", "a/build/logs/x", false),
        ("docs/*", "docs/a.md", true),
        ("docs/*", "docs/build/a.md", false),
        ("apps/", "x/apps/y/z", true),
        ("/docs/", "docs/a/b", true),
        ("/scripts", "scripts/a/b", true),
        ("/scripts", "scripts2/a", false),
        ("**/logs", "build/deep/logs/x", true),
        ("/apps/**/test", "apps/a/b/test/x", true),
        ("/a?c", "abc", true),
        ("/a?c", "a/c", false),
        ("/name\\ with\\ space.txt", "name with space.txt", true),
        ("/{a,b}.txt", "a.txt", false),
        ("/[ab].txt", "a.txt", false),
        ("/a.txt", "A.txt", false),
    ] {
        check(
            &format!("{pattern} @acme/owner\n"),
            path,
            matches.then_some("acme/owner"),
        )
        .await;
    }
}

#[tokio::test]
async fn comments_negations_sections_and_lines_without_owner_name_nobody() {
    let lines = "# @acme/comment\n\n!a @acme/negated\n[Section] @acme/section\n";
    check(lines, "a", None).await;
    check("* @acme/everyone\n/generated/\n", "generated/a", None).await;
    check("* not-an-owner @acme/second\n", "a", Some("acme/second")).await;
}

#[tokio::test]
async fn it_lies_where_the_forge_looks_for_it() {
    for file in [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"] {
        let (_folder, inventories) = repository(file, "* @acme/everyone\n");
        for name in [
            "acme/app",
            "https://x@github.com/Acme/App.git",
            "git@github.com:acme/app.git",
            "github.com/acme/app",
        ] {
            let owner = owner_of(&inventories, name, "a").await;
            assert_eq!(owner, Some(("acme/everyone".into(), "*".into())), "{file} {name}");
        }
    }
}

#[tokio::test]
async fn it_is_asked_only_about_files_of_its_repositories_and_is_sure_to_a_medium_degree() {
    let (_folder, inventories) = repository("CODEOWNERS", "/only/this @acme/owner\n");
    assert!(lookup(&inventories, "alice").await.context.sources.is_empty());
    assert_eq!(owner_of(&inventories, "other/app", "only/this").await, None);
    let location = Location {
        repository: Some("acme/app".into()),
        path: Some("only/this".into()),
        ..Location::default()
    };
    let leaked = subject("leaked");
    let known = ask(
        &inventories,
        &Ask {
            location: Some(&location),
            ..Ask::about(&leaked)
        },
    )
    .await;
    assert_eq!(
        known.owners.resolver.as_ref().unwrap().confidence,
        OwnerConfidence::Medium
    );
    let elsewhere = Location {
        path: Some("else/where".into()),
        ..location
    };
    let known = ask(
        &inventories,
        &Ask {
            location: Some(&elsewhere),
            ..Ask::about(&leaked)
        },
    )
    .await;
    assert_eq!(
        (statuses(&known), known.is_ownerless()),
        (vec![SourceStatus::Absent], true)
    );
}
