use insta::assert_snapshot;

use super::*;
use crate::timeline::tests::{lines, read};

fn shown(timeline: &Timeline, whole: bool, width: usize) -> String {
    let view = View { timeline, goes_on: false, whole, width };
    anstream::adapter::strip_str(&view.text()).to_string()
}

#[test]
fn a_run_is_shown_as_bars() {
    assert_snapshot!(shown(&read(&lines()), false, 80));
}

#[test]
fn where_there_is_room_each_says_what_it_waited_for() {
    assert_snapshot!(shown(&read(&lines()), true, 140));
}

#[test]
fn a_killed_run_says_so() {
    let killed = read(&lines()[..9]);
    assert_snapshot!(shown(&killed, false, 80));
    let view = View { timeline: &killed, goes_on: true, whole: false, width: 80 };
    assert!(view.text().contains("goes on; "), "{}", view.text());
    // Nothing was begun yet.
    let text = shown(&read(&lines()[..1]), false, 80);
    assert!(text.ends_with("\n  6 more not begun\n"), "{text}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [40, 60, 80, 120, 140] {
        for whole in [false, true] {
            let text = shown(&read(&lines()), whole, width);
            let wide: Vec<&str> = text.lines().filter(|l| l.chars().count() > width).collect();
            assert!(wide.is_empty(), "{width}: {wide:#?}");
        }
    }
}
