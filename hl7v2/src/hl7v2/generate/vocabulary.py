"""What is said in the generated messages: tests with their normal ranges, diagnoses, vaccines, wards.

Codes are LOINC, ICD-10-CM and ICD-10-PCS, RxNorm, CVX and MVX, or of the hospital itself (system L).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Concept:
    """A code with its words and its coding system (table 0396)."""

    code: str
    text: str
    system: str


@dataclass(frozen=True, slots=True)
class Test:
    """A laboratory test: a number about `mean`, normal from `low` to `high`; or one of `answers`, the first normal."""

    code: str
    text: str
    units: str = ""
    low: float = 0
    high: float = 0
    digits: int = 1
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """What is ordered: several tests on one specimen."""

    concept: Concept
    section: str  # table 0074
    specimen: Concept
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Ward:
    """A ward, its service (table 0069), rooms, and what people are there for."""

    name: str
    service: str
    rooms: range
    reasons: tuple[Concept, ...]


@dataclass(frozen=True, slots=True)
class Vaccine:
    """A vaccine with one of its manufacturers, dose in mL, route and the body site it is given at."""

    concept: Concept
    manufacturer: Concept
    dose: float
    route: Concept
    site: Concept


def _loinc(code: str, text: str) -> Concept:
    return Concept(code, text, "LN")


def _icd(code: str, text: str) -> Concept:
    return Concept(code, text, "I10")


BLOOD: Final = Concept("BLDV", "Blood venous", "HL70487")
URINE: Final = Concept("UR", "Urine", "HL70487")

PANELS: Final[tuple[Panel, ...]] = (
    Panel(
        _loinc("58410-2", "CBC panel - Blood by Automated count"),
        "HM",
        BLOOD,
        (
            Test("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", 4.5, 11.0),
            Test("789-8", "Erythrocytes [#/volume] in Blood by Automated count", "10*6/uL", 4.2, 5.9, 2),
            Test("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 12.0, 17.5),
            Test("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count", "%", 36.0, 50.0),
            Test("787-2", "MCV [Entitic volume] by Automated count", "fL", 80.0, 100.0),
            Test("785-6", "MCH [Entitic mass] by Automated count", "pg", 27.0, 33.0),
            Test("786-4", "MCHC [Mass/volume] by Automated count", "g/dL", 32.0, 36.0),
            Test("788-0", "Erythrocyte distribution width [Ratio] by Automated count", "%", 11.5, 14.5),
            Test("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL", 150, 400, 0),
        ),
    ),
    Panel(
        _loinc("24323-8", "Comprehensive metabolic 2000 panel - Serum or Plasma"),
        "CH",
        BLOOD,
        (
            Test("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", 70, 99, 0),
            Test("3094-0", "Urea nitrogen [Mass/volume] in Serum or Plasma", "mg/dL", 7, 20, 0),
            Test("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 0.6, 1.3, 2),
            Test("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 135, 145, 0),
            Test("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 3.5, 5.1),
            Test("2075-0", "Chloride [Moles/volume] in Serum or Plasma", "mmol/L", 98, 107, 0),
            Test("2028-9", "Carbon dioxide, total [Moles/volume] in Serum or Plasma", "mmol/L", 22, 29, 0),
            Test("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "mg/dL", 8.6, 10.3),
            Test("2885-2", "Protein [Mass/volume] in Serum or Plasma", "g/dL", 6.0, 8.3),
            Test("1751-7", "Albumin [Mass/volume] in Serum or Plasma", "g/dL", 3.5, 5.0),
            Test("1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma", "mg/dL", 0.1, 1.2),
            Test("6768-6", "Alkaline phosphatase [Enzymatic activity/volume] in Serum or Plasma", "U/L", 44, 147, 0),
            Test("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum", "U/L", 8, 40, 0),
            Test("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum", "U/L", 7, 56, 0),
        ),
    ),
    Panel(
        _loinc("24331-1", "Lipid 1996 panel - Serum or Plasma"),
        "CH",
        BLOOD,
        (
            Test("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL", 125, 200, 0),
            Test("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma", "mg/dL", 50, 150, 0),
            Test("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma", "mg/dL", 40, 80, 0),
            Test("13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation", "mg/dL", 50, 130, 0),
        ),
    ),
    Panel(
        _loinc("24356-8", "Urinalysis complete panel - Urine"),
        "CH",
        URINE,
        (
            Test("5778-6", "Color of Urine", answers=("Yellow", "Straw", "Amber", "Red")),
            Test("5767-9", "Appearance of Urine", answers=("Clear", "Cloudy", "Turbid")),
            Test("5803-2", "pH of Urine by Test strip", "[pH]", 5.0, 8.0),
            Test("5811-5", "Specific gravity of Urine by Test strip", "{ratio}", 1.005, 1.030, 3),
            Test("5804-0", "Protein [Mass/volume] in Urine by Test strip", answers=("Negative", "Trace", "1+", "3+")),
            Test("5792-7", "Glucose [Mass/volume] in Urine by Test strip", answers=("Negative", "1+", "4+")),
            Test("5799-2", "Leukocyte esterase [Presence] in Urine by Test strip", answers=("Negative", "1+", "2+")),
        ),
    ),
    Panel(
        _loinc("34528-0", "PT panel - Platelet poor plasma by Coagulation assay"),
        "HM",
        BLOOD,
        (
            Test("5902-2", "Prothrombin time (PT)", "s", 11.0, 13.5),
            Test("6301-6", "INR in Platelet poor plasma by Coagulation assay", "{INR}", 0.8, 1.2),
            Test("14979-9", "aPTT in Platelet poor plasma by Coagulation assay", "s", 25.0, 35.0),
        ),
    ),
    Panel(
        _loinc("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma"),
        "CH",
        BLOOD,
        (Test("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", "m[IU]/L", 0.4, 4.0, 2),),
    ),
    Panel(
        _loinc("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"),
        "CH",
        BLOOD,
        (Test("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 4.0, 5.6),),
    ),
)

WARDS: Final[tuple[Ward, ...]] = (
    Ward(
        "CARD",
        "CAR",
        range(101, 121),
        (
            _icd("I21.4", "Non-ST elevation (NSTEMI) myocardial infarction"),
            _icd("I50.9", "Heart failure, unspecified"),
            _icd("I48.91", "Unspecified atrial fibrillation"),
        ),
    ),
    Ward(
        "MED",
        "MED",
        range(201, 231),
        (
            _icd("E11.65", "Type 2 diabetes mellitus with hyperglycemia"),
            _icd("N39.0", "Urinary tract infection, site not specified"),
            _icd("A41.9", "Sepsis, unspecified organism"),
            _icd("K92.2", "Gastrointestinal hemorrhage, unspecified"),
        ),
    ),
    Ward(
        "PULM",
        "PUL",
        range(301, 313),
        (
            _icd("J18.9", "Pneumonia, unspecified organism"),
            _icd("J44.1", "Chronic obstructive pulmonary disease with (acute) exacerbation"),
            _icd("J45.901", "Unspecified asthma with (acute) exacerbation"),
        ),
    ),
    Ward(
        "SURG",
        "SUR",
        range(401, 425),
        (
            _icd("K35.80", "Unspecified acute appendicitis"),
            _icd("K80.00", "Calculus of gallbladder with acute cholecystitis without obstruction"),
            _icd("S72.001A", "Fracture of unspecified part of neck of right femur, initial encounter"),
        ),
    ),
    Ward(
        "UROL",
        "URO",
        range(501, 509),
        (
            _icd("N20.0", "Calculus of kidney"),
            _icd("N40.1", "Benign prostatic hyperplasia with lower urinary tract symptoms"),
        ),
    ),
)
CLINIC_REASONS: Final[tuple[Concept, ...]] = (
    _icd("I10", "Essential (primary) hypertension"),
    _icd("E78.5", "Hyperlipidemia, unspecified"),
    _icd("E11.9", "Type 2 diabetes mellitus without complications"),
    _icd("E03.9", "Hypothyroidism, unspecified"),
    _icd("M54.50", "Low back pain, unspecified"),
    _icd("R07.9", "Chest pain, unspecified"),
    _icd("Z00.00", "Encounter for general adult medical examination without abnormal findings"),
)
PROCEDURES: Final[dict[str, Concept]] = {
    "K35.80": Concept("0DTJ4ZZ", "Resection of Appendix, Percutaneous Endoscopic Approach", "I10P"),
    "K80.00": Concept("0FT44ZZ", "Resection of Gallbladder, Percutaneous Endoscopic Approach", "I10P"),
    "I21.4": Concept("4A023N7", "Measurement of Cardiac Sampling and Pressure, Left Heart", "I10P"),
    "S72.001A": Concept("0QS604Z", "Reposition Right Upper Femur with Internal Fixation Device, Open", "I10P"),
}

ALLERGENS: Final[tuple[tuple[str, Concept], ...]] = (  # with the type, table 0127
    ("DA", Concept("7980", "penicillin G", "RXNORM")),
    ("DA", Concept("2670", "codeine", "RXNORM")),
    ("DA", Concept("1191", "aspirin", "RXNORM")),
    ("DA", Concept("10180", "sulfamethoxazole", "RXNORM")),
    ("FA", Concept("PEANUT", "Peanuts", "L")),
    ("FA", Concept("SHELLFISH", "Shellfish", "L")),
    ("EA", Concept("LATEX", "Latex", "L")),
    ("PA", Concept("RAGWEED", "Ragweed pollen", "L")),
)
REACTIONS: Final = ("Hives", "Rash", "Anaphylaxis", "Swelling of lips & tongue", "Nausea")

_INTRAMUSCULAR: Final = Concept("IM", "Intramuscular", "HL70162")
_SUBCUTANEOUS: Final = Concept("SC", "Subcutaneous", "HL70162")
_LEFT_ARM: Final = Concept("LUA", "Left Upper Arm", "HL70163")
_LEFT_DELTOID: Final = Concept("LD", "Left Deltoid", "HL70163")
_SANOFI: Final = Concept("PMC", "sanofi pasteur", "MVX")
_MERCK: Final = Concept("MSD", "Merck and Co., Inc.", "MVX")
_GSK: Final = Concept("SKB", "GlaxoSmithKline", "MVX")
_WYETH: Final = Concept("WAL", "Wyeth", "MVX")


def _vaccine(code: str, text: str, manufacturer: Concept, *, under_skin: bool = False) -> Vaccine:
    route, site = (_SUBCUTANEOUS, _LEFT_ARM) if under_skin else (_INTRAMUSCULAR, _LEFT_DELTOID)
    return Vaccine(Concept(code, text, "CVX"), manufacturer, 0.5, route, site)


VACCINES: Final[tuple[Vaccine, ...]] = (
    _vaccine("03", "MMR", _MERCK, under_skin=True),
    _vaccine("08", "Hep B, adolescent or pediatric", _MERCK),
    _vaccine("10", "IPV", _SANOFI),
    _vaccine("20", "DTaP", _GSK),
    _vaccine("21", "varicella", _MERCK, under_skin=True),
    _vaccine("33", "pneumococcal polysaccharide PPV23", _MERCK),
    _vaccine("43", "Hep B, adult", _GSK),
    _vaccine("83", "Hep A, ped/adol, 2 dose", _GSK),
    _vaccine("100", "pneumococcal conjugate PCV 7", _WYETH),
)

RACES: Final[tuple[Concept, ...]] = (
    Concept("2106-3", "White", "HL70005"),
    Concept("2054-5", "Black or African American", "HL70005"),
    Concept("2028-9", "Asian", "HL70005"),
    Concept("1002-5", "American Indian or Alaska Native", "HL70005"),
    Concept("2131-1", "Other Race", "HL70005"),
)
ETHNIC_GROUPS: Final[tuple[Concept, ...]] = (
    Concept("N", "Not Hispanic or Latino", "HL70189"),
    Concept("H", "Hispanic or Latino", "HL70189"),
)
MARITAL: Final[dict[str, Concept]] = {
    "S": Concept("S", "Single", "HL70002"),
    "M": Concept("M", "Married", "HL70002"),
    "D": Concept("D", "Divorced", "HL70002"),
    "W": Concept("W", "Widowed", "HL70002"),
}
RELIGIONS: Final[tuple[Concept, ...]] = (
    Concept("CHR", "Christian", "HL70006"),
    Concept("CAT", "Catholic", "HL70006"),
    Concept("JEW", "Jewish", "HL70006"),
    Concept("BUD", "Buddhist", "HL70006"),
)
INSURERS: Final[tuple[tuple[Concept, str], ...]] = (  # plan and company
    (Concept("PPO01", "Preferred Provider Plan", "L"), "Estuary Mutual"),
    (Concept("HMO07", "Health Maintenance Plan", "L"), "Saltmarsh Health Plans, Inc."),
    (Concept("MCR", "Medicare Part A", "L"), "Medicare"),
    (Concept("MCD", "Medicaid", "L"), "Medicaid"),
)
DOCUMENTS: Final[tuple[tuple[str, Concept], ...]] = (  # with the type, table 0270
    ("DS", _loinc("18842-5", "Discharge summary")),
    ("HP", _loinc("34117-2", "History and physical note")),
    ("CN", _loinc("11488-4", "Consult note")),
    ("OP", _loinc("11504-8", "Surgical operation note")),
)
