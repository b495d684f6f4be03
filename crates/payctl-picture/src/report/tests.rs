//! What holds of every page.

use super::html;
use crate::{
    Action, Bar, Change, Colour, Compliance, Figure, Graph, Month, MonthItem, Node, Outcome,
    Property, Report, Requirement, Timeline, Verdict,
};

const BAD: &str =
    "x\"'></pre></style><script>alert(1)</script><img src=http://e.example/x>\u{202E}&";

/// Everything that a page can tell, with `text` wherever a text can be.
fn full(text: &str) -> Report {
    let text = || text.to_owned();
    let change = |action| Change {
        address: format!("s3.bucket:{}", text()),
        action,
        reason: Some(text()),
        loss: Some(text()),
        properties: vec![
            Property { name: text(), before: text(), after: text(), note: text() },
            Property { name: text(), before: text().repeat(9), after: text(), note: text() },
        ],
    };
    let actions = [Action::Create, Action::Adopt, Action::Update, Action::Replace, Action::Delete];
    let outcomes = [Outcome::Pass, Outcome::Fail, Outcome::Waived, Outcome::Unknown];
    let verdict = |outcome| Verdict {
        control: text(),
        title: text(),
        requirements: text(),
        resource: text(),
        outcome,
        why: text(),
        asked: text(),
        strict: Some(Outcome::Fail),
        evidence: vec![text()],
    };
    Report {
        title: text(),
        place: text(),
        made: text(),
        headline: text(),
        warnings: vec![text()],
        figures: vec![Figure { value: text(), words: text(), action: Some(Action::Create) }],
        graph: Some(Graph {
            title: text(),
            subtitle: text(),
            nodes: vec![Node { address: format!("s3.bucket:{}", text()), ..Node::default() }],
        }),
        colour: Colour::Cost,
        changes: Some(actions.into_iter().map(change).collect()),
        timeline: Some(Timeline {
            summary: text(),
            bars: vec![Bar { address: text(), begin_s: 1.0, end_s: 90.0, critical: true }],
        }),
        cost: Some(Month {
            summary: text(),
            items: vec![MonthItem { what: text(), quantity: text(), monthly: text(), share: 1000 }],
            total: text(),
            unknown: vec![(text(), text())],
            notes: vec![text()],
        }),
        compliance: Some(Compliance {
            summary: text(),
            requirements: vec![Requirement {
                number: text(),
                pass: 1,
                fail: 2,
                waived: 3,
                unknown: 4,
            }],
            verdicts: outcomes.into_iter().map(verdict).collect(),
        }),
        outputs: vec![(text(), text())],
        notes: vec![text()],
    }
}

#[test]
fn hostile_texts_are_text() {
    let page = html(&full(BAD));
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains('\u{202E}'));
    assert_eq!(page.matches("</style>").count(), 2, "the page's and the picture's");
    assert!(page.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn a_page_loads_nothing() {
    let page = html(&full("text"));
    assert!(page.contains("default-src 'none'"));
    for loads in [" src=", "@import", "url(h", "<link", "<script", " onload=", " onclick="] {
        assert!(!page.contains(loads), "{loads}");
    }
    // The only address is the name of SVG's namespace, and every link stays on the page.
    assert_eq!(page.matches("://").count(), 1);
    assert_eq!(page.matches("href=").count(), page.matches("href=\"#").count());
}

#[test]
fn sections_without_content_are_left_out() {
    let page = html(&Report { title: "empty".to_owned(), ..Report::default() });
    for section in ["picture", "changes"] {
        assert!(!page.contains(&format!("id=\"{section}\"")), "{section}");
    }
    let page = html(&Report { changes: Some(Vec::new()), ..Report::default() });
    assert!(page.contains("Nothing changes."));
    for section in ["timeline", "cost", "compliance", "outputs", "notes"] {
        assert!(!page.contains(&format!("id=\"{section}\"")), "{section}");
    }
    let page = html(&full("text"));
    for section in ["picture", "changes", "timeline", "cost", "compliance", "outputs", "notes"] {
        assert!(page.contains(&format!("<h2 id=\"{section}\">")), "{section}");
        assert!(page.contains(&format!("href=\"#{section}\"")), "{section}");
    }
}

#[test]
fn what_is_not_kept_stands_before_what_is() {
    let page = html(&full("text"));
    let place = |word: &str| page.find(&format!(">{word}</span>")).unwrap();
    assert!(place("fail") < place("unknown") && place("unknown") < place("waived"));
    assert!(place("waived") < place("pass"));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    assert!(html(&full("text")) == html(&full("text")));
}
