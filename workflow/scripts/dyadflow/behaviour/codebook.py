"""What every column of the tables of behaviour holds.

References
----------
Allison, P. D., & Liker, J. K. (1982). Analyzing sequential categorical data on dyadic interaction. Psychological
Bulletin, 91, 393-403.
Bakeman, R., Deckner, D. F., & Quera, V. (2005). Analysis of behavioral streams. In D. M. Teti (Ed.), Handbook of
research methods in developmental science. Blackwell.
Bakeman, R., & Quera, V. (2011). Sequential analysis and observational methods for the behavioral sciences. Cambridge.
Feldman, R. (2007). Parent-infant synchrony and the construction of shared timing. Journal of Child Psychology and
Psychiatry, 48, 329-354.
Goodman, L. A. (1968). The analysis of cross-classified data: independence, quasi-independence, and interactions in
contingency tables with or without missing entries. Journal of the American Statistical Association, 63, 1091-1131.
Haberman, S. J. (1973). The analysis of residuals in cross-classified tables. Biometrics, 29, 205-220.
McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation coefficients. Psychological
Methods, 1, 30-46.
Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: uses in assessing rater reliability. Psychological
Bulletin, 86, 420-428.
Tronick, E. Z., & Cohn, J. F. (1989). Infant-mother face-to-face interaction: age and gender differences in
coordination and the occurrence of miscoordination. Child Development, 60, 85-92.
Weinberg, M. K., & Tronick, E. Z. (1996). Infant affective reactions to the resumption of maternal interaction after
the still-face. Child Development, 67, 905-914.
"""

from collections.abc import Iterator, Sequence

import pandas as pd

from dyadflow.annotations.scheme import Scheme
from dyadflow.behaviour.coder_icc import ICC_COLUMNS
from dyadflow.behaviour.dyadic import DYADIC_COLUMNS
from dyadflow.behaviour.lags import LAG_COLUMNS
from dyadflow.behaviour.measures import MEASURE_COLUMNS
from dyadflow.behaviour.phase_table import PHASE_COLUMNS, tier_columns
from dyadflow.behaviour.phases import ALL
from dyadflow.behaviour.regulation import REGULATION_COLUMNS
from dyadflow.behaviour.settings import BehaviourSettings
from dyadflow.behaviour.transitions import TRANSITION_COLUMNS
from dyadflow.behaviour.wide import KEYS, wide_columns

CODEBOOK_COLUMNS = ("table", "column", "unit", "meaning", "source")

SUMMARY, CELLS, PREPARED, WINDOWS = (f"Bakeman & Quera (2011), chapter {number}" for number in (8, 9, 10, 11))
MATCHING = "Weinberg & Tronick (1996)"
REPAIR = "Tronick & Cohn (1989); Weinberg & Tronick (1996)"
SYNCHRONY = "Feldman (2007)"

#: Unit, meaning and source of a column; in the tables below settings stand in braces.
Entry = tuple[str, str, str]

SHARED: dict[str, Entry] = {
    "session": ("", "One recording of one dyad.", ""),
    "dyad": ("", "The dyad of the session.", ""),
    "coder": ("", "Who coded, human or assisted by a prediction.", ""),
    "tier": ("", "The stream of codes, as the scheme calls it.", ""),
    "phase": ("", "A phase of the scheme, measured as if observed by itself; all: every phase that is not excluded "
                  "taken together, or the whole coding where the scheme has no phases.", ""),
    "code": ("", "A code of the tier, or a merge: then any of its codes.", ""),
    "expected_below_5": ("yes/no", "Whether the expected count is below 5 (lags: any of the four of its table), where "
                                   "the residual is not nearly normal and is no guide.", CELLS),
}

#: Where all sessions of a coder are given together as well.
POOLED: dict[str, Entry] = {
    "session": ("", "One recording of one dyad; all: every session of this coder pooled.", ""),
    "dyad": ("", "The dyad of the session; empty where sessions are pooled.", ""),
}

#: Where two tiers are held against each other.
PAIRED: dict[str, Entry] = {
    "coder": ("", "Who coded both tiers; where nobody did, A+B: A coded one of them and B the other.", ""),
}

MEASURES: dict[str, Entry] = {
    "observed_s": ("s", "Time in the phase in which a scorable code of the tier holds. Time that nobody coded, time of "
                        "an unscorable or excluded code, and moments with two codes that exclude each other are not. "
                        "In a tier coded by presence, what nobody marks in a phase is observed.", SUMMARY),
    "bouts": ("count", "Stretches in which the code holds without a break, cut at the phase's edges: one under way "
                       "when the phase begins counts. Shorter ones than {minimal_bout_s} s do not count; gaps up to "
                       "{gap_s} s are no break. Point events always count, as bouts of 0 s.", SUMMARY),
    "carried_in": ("count", "How many of the bouts were under way when the phase began; bouts - carried_in began in "
                            "it.", ""),
    "rate_per_min": ("1/min", "bouts in a minute of observed_s; empty without observed time.", SUMMARY),
    "duration_s": ("s", "Time in the phase in which the code holds, short bouts included.", SUMMARY),
    "proportion": ("0 to 1", "duration_s / observed_s. Scorable codes that exclude each other add up to 1; a code "
                             "that is not scorable has none.", SUMMARY),
    "latency_s": ("s", "Time in the phase until the code first holds; 0 if it does as the phase begins. In all: time "
                       "of the phases only. Time that was not observed counts, so that an onset in it is missed. "
                       "Empty if the code never holds: then it is censored.", SUMMARY),
    "censored": ("yes/no", "Whether the code never holds in the phase, so that its latency is longer than the phase; "
                           "empty where nothing was observed.", ""),
    "bout_mean_s": ("s", "Mean length of the bouts as cut at the phase's edges: duration_s / bouts, but for bouts too "
                         "short to count.", SUMMARY),
    "bout_median_s": ("s", "Median length of the bouts.", SUMMARY),
    "bout_sd_s": ("s", "Standard deviation (n - 1) of their lengths; empty with fewer than two.", SUMMARY),
    "bout_min_s": ("s", "Length of the shortest bout.", SUMMARY),
    "bout_max_s": ("s", "Length of the longest bout.", SUMMARY),
}

TRANSITIONS: dict[str, Entry] = {
    "from_code": ("", "The code that ends.", PREPARED),
    "to_code": ("", "The code that begins at that moment.", PREPARED),
    "count": ("count", "How often the one is followed by the other at once; over time that was not observed nothing "
                       "follows. A code cannot follow itself.", PREPARED),
    "probability": ("0 to 1", "count among all transitions from from_code.", CELLS),
    "expected": ("count", "Count if what follows had nothing to do with what was, but that no code follows itself: "
                          "quasi-independence with structural zeros on the diagonal, by iterative proportional "
                          "fitting.", "Goodman (1968)"),
    "adjusted_residual": ("", "(count - expected) in standard errors, which account for the structural zeros. Empty "
                              "where nothing is expected or the margins leave no freedom. Of pooled sessions no test: "
                              "their transitions are not independent.",
                          "Haberman (1973); Allison & Liker (1982)"),
}

LAGS: dict[str, Entry] = {
    "given_tier": ("", "The tier whose onsets are followed up.", WINDOWS),
    "given_code": ("", "The code that begins.", WINDOWS),
    "lag_from_s": ("s", "The window opens so long after an onset: what begins later than this counts.", WINDOWS),
    "lag_to_s": ("s", "The window closes so long after an onset; {lag_s} s for responses, and steps of {lag_step_s} s "
                      "up to {lag_max_s} s over all sessions.", WINDOWS),
    "target_tier": ("", "The tier in which something may follow.", WINDOWS),
    "target_code": ("", "The code that may begin in the window.", WINDOWS),
    "given": ("count", "Onsets of the given code within the phase, with the target tier observed over the whole "
                       "window. What is under way when the phase begins has no onset in it.", WINDOWS),
    "given_followed": ("count", "How many of them an onset of the target code follows in the window.", WINDOWS),
    "others": ("count", "Such onsets of all other codes of the given tier.", WINDOWS),
    "others_followed": ("count", "How many of them an onset of the target code follows in the window.", WINDOWS),
    "probability": ("0 to 1", "given_followed / given.", CELLS),
    "base_probability": ("0 to 1", "The same of all onsets of the given tier.", CELLS),
    "odds_ratio": ("", "Odds that the target follows the given code, by those that it follows another; empty where "
                       "undefined or infinite.", CELLS),
    "yules_q": ("-1 to 1", "The odds ratio on a scale from -1 to 1: (ad - bc) / (ad + bc).", CELLS),
    "expected": ("count", "given x base_probability.", CELLS),
    "adjusted_residual": ("", "(given_followed - expected) in standard errors. Windows may overlap, so that it is an "
                              "index and no test.", "Haberman (1973); Bakeman & Quera (2011), chapter 9"),
}

DYADIC: dict[str, Entry] = {
    "state": ("", "A matched state of the scheme; match: any of them; mismatch: none, while both are observed.",
              MATCHING),
    "observed_s": ("s", "Time in the phase in which a scorable code holds in both tiers, each of one state.", MATCHING),
    "bouts": ("count", "Stretches of the state without a break, cut at the phase's edges; shorter ones than "
                       "{minimal_bout_s} s do not count. One match may hold several matched states.", MATCHING),
    "duration_s": ("s", "Time in the state.", MATCHING),
    "proportion": ("0 to 1", "duration_s / observed_s.", MATCHING),
    "rate_per_min": ("1/min", "bouts in a minute of observed_s.", MATCHING),
    "bout_mean_s": ("s", "Mean length of the bouts.", MATCHING),
}

REGULATION: dict[str, Entry] = {
    "observed_s": ("s", "Time in the phase in which a scorable code holds in both tiers, each of one state.", MATCHING),
    "match_proportion": ("0 to 1", "Share of observed_s in any matched state.", REPAIR),
    "mismatch_proportion": ("0 to 1", "Share of observed_s in none.", REPAIR),
    "ruptures": ("count", "Matches that turn into a mismatch at once, within the phase; both at least "
                          "{minimal_bout_s} s long.", REPAIR),
    "reparations": ("count", "Mismatches that turn into a match at once, within the phase; both at least "
                             "{minimal_bout_s} s long.", REPAIR),
    "reparation_rate_per_min": ("1/min", "reparations in a minute of observed_s.", REPAIR),
    "reparation_latency_s": ("s", "Mean length of the mismatches that end in a match, from where each begins in the "
                                  "phase; empty without any.", REPAIR),
    "synchrony": ("-1 to 1", "Greatest cross-correlation of the levels of both, sampled every {synchrony_step_s} s, "
                             "at lags up to {synchrony_lag_s} s that have at least half as many pairs of moments as "
                             "lag 0. Of the levels themselves: compare it between dyads, not with 0.", SYNCHRONY),
    "synchrony_lag_s": ("s", "The lag of that correlation. Positive: the scheme's second dyadic tier (the caregiver) "
                             "follows the first (the infant).", SYNCHRONY),
    "synchrony_zero": ("-1 to 1", "The cross-correlation at lag 0.", SYNCHRONY),
    "infant_leads": ("-1 to 1", "Greatest cross-correlation at positive lags: the second tier follows the first.",
                     SYNCHRONY),
    "caregiver_leads": ("-1 to 1", "Greatest cross-correlation at negative lags: the first tier follows the second.",
                        SYNCHRONY),
    "synchrony_moments": ("count", "Sampled moments at which both have a level.", SYNCHRONY),
}

PHASES: dict[str, Entry] = {
    "onset_s": ("s", "When the phase begins, on the clock of the recording.", ""),
    "offset_s": ("s", "When it ends.", ""),
    "duration_s": ("s", "offset_s - onset_s.", ""),
}

ICC: dict[str, Entry] = {
    "measure": ("", "The measure of measures.tsv; latency only where no coder's is censored.",
                "Bakeman & Quera (2011), chapter 7"),
    "form": ("", "icc1: one-way, coders may change from session to session; icc_a1: two-way, absolute agreement; "
                 "icc_c1: two-way, consistency. Each of one coder's values, not of their mean.",
             "McGraw & Wong (1996); Shrout & Fleiss (1979)"),
    "value": ("", "The intraclass correlation; empty where undefined.", "McGraw & Wong (1996)"),
    "low": ("", "Lower {level} limit, from the F distribution, which takes sessions as independent.",
            "McGraw & Wong (1996)"),
    "high": ("", "Upper {level} limit.", "McGraw & Wong (1996)"),
    "coders": ("count", "Coders of each session. For icc_a1 and icc_c1 the same persons throughout: those with most "
                        "sessions in common. For icc1 as many as every session coded by two or more has.", ""),
    "sessions": ("count", "Sessions with a value of each of them.", ""),
    "dyads": ("count", "Dyads that these sessions are of.", ""),
}

CODEBOOK: dict[str, Entry] = {
    "table": ("", "The table, without .tsv.", ""),
    "column": ("", "The column.", ""),
    "unit": ("", "Its unit; empty for names.", ""),
    "meaning": ("", "What it holds.", ""),
    "source": ("", "Where the definition comes from; empty where it is this project's own.", ""),
}

#: Each table of the room: its fixed columns, and their entries.
TABLES: dict[str, tuple[Sequence[str], dict[str, Entry]]] = {
    "measures": (MEASURE_COLUMNS, MEASURES),
    "wide": (KEYS, {}),
    "transitions": (TRANSITION_COLUMNS, POOLED | TRANSITIONS),
    "lags": (LAG_COLUMNS, POOLED | PAIRED | LAGS),
    "dyadic": (DYADIC_COLUMNS, PAIRED | DYADIC),
    "regulation": (REGULATION_COLUMNS, PAIRED | REGULATION),
    "phases": (PHASE_COLUMNS, PHASES),
    "icc": (ICC_COLUMNS, ICC),
    "codebook": (CODEBOOK_COLUMNS, CODEBOOK),
}


def tabulate_codebook(scheme: Scheme, covariates: Sequence[str], settings: BehaviourSettings) -> pd.DataFrame:
    """A row for every column of every table, in the tables' own order.

    Parameters
    ----------
    scheme
        The coding scheme, which the columns of `wide` and `phases` come from.
    covariates
        The covariates' columns in `wide` (`covariate_columns`).
    settings
        What the study says: its seconds stand in the meanings.

    Returns
    -------
    DataFrame
        Columns table, column, unit, meaning, source.
    """
    values = settings.model_dump() | {"level": f"{100 * settings.level:g} %"}
    rows = []
    for table, (columns, entries) in TABLES.items():
        for column in columns:
            unit, meaning, source = entries.get(column) or SHARED[column]
            rows.append((table, column, unit, meaning.format(**values), source))
        rows += [(table, column, *entry) for column, entry in _varying(table, scheme, covariates)]
    return pd.DataFrame(rows, columns=list(CODEBOOK_COLUMNS))


def _varying(table: str, scheme: Scheme, covariates: Sequence[str]) -> Iterator[tuple[str, Entry]]:
    """Columns that the scheme or the session sheet gives a table."""
    if table == "wide":
        for name in covariates:
            yield name, ("", "Covariate, from the study's session sheet.", "")
        for (tier, code, phase, measure), column in wide_columns(scheme, covariates).items():
            unit, _, source = MEASURES[measure]
            when = "over all phases that are not excluded" if phase == ALL else f"in phase {phase}"
            yield column, (unit, f"{measure} of {code} ({scheme.title_of(code)}) in tier {tier}, {when}; see measures, "
                                 f"{measure}.", source)
    if table == "phases":
        for (tier, kind), column in tier_columns(scheme).items():
            meaning = f"Time in the phase in which tier {tier} is coded, scorable or not." if kind == "coded" else (
                f"Time in the phase in which tier {tier} is observed, as in measures.")
            yield column, ("s", meaning + " Empty where this coder did not code the tier.", "")
