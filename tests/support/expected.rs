//! `fixtures/EXPECTED.tsv`: what each fixture must and must not give.
