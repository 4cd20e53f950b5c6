"""What is written in the columns of a hospital: the codes, names and units that MIMIC-III uses, a few of each.

Weights beside a term say how often it is met, roughly as in MIMIC-III.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Weighted: TypeAlias = dict[str | None, int]

GENDERS: Weighted = {"M": 56, "F": 44}
ADMISSION_TYPES: Weighted = {"EMERGENCY": 71, "ELECTIVE": 18, "URGENT": 11}
ADMISSION_LOCATIONS: Weighted = {
    "EMERGENCY ROOM ADMIT": 45,
    "PHYS REFERRAL/NORMAL DELI": 22,
    "CLINIC REFERRAL/PREMATURE": 18,
    "TRANSFER FROM HOSP/EXTRAM": 13,
    "TRANSFER FROM SKILLED NUR": 2,
}
DISCHARGE_LOCATIONS: Weighted = {
    "HOME": 34,
    "HOME HEALTH CARE": 24,
    "SNF": 16,
    "REHAB/DISTINCT PART HOSP": 13,
    "LONG TERM CARE HOSPITAL": 5,
    "SHORT TERM HOSPITAL": 3,
    "DISCH-TRAN TO PSYCH HOSP": 2,
    "HOSPICE-HOME": 2,
    "LEFT AGAINST MEDICAL ADVI": 1,
}
INSURANCES: Weighted = {"Medicare": 48, "Private": 38, "Medicaid": 10, "Government": 3, "Self Pay": 1}
LANGUAGES: Weighted = {"ENGL": 55, "SPAN": 3, "RUSS": 2, "PTUN": 1, "CANT": 1, "HAIT": 1, None: 37}
RELIGIONS: Weighted = {"CATHOLIC": 35, "NOT SPECIFIED": 25, "PROTESTANT QUAKER": 12, "JEWISH": 9, None: 19}
MARITAL_STATUSES: Weighted = {
    "MARRIED": 48,
    "SINGLE": 26,
    "WIDOWED": 14,
    "DIVORCED": 6,
    "SEPARATED": 1,
    "UNKNOWN (DEFAULT)": 1,
    None: 4,
}
ETHNICITIES: Weighted = {
    "WHITE": 70,
    "BLACK/AFRICAN AMERICAN": 9,
    "HISPANIC OR LATINO": 3,
    "ASIAN": 3,
    "ASIAN - CHINESE": 1,
    "AMERICAN INDIAN/ALASKA NATIVE": 1,
    "OTHER": 3,
    "UNABLE TO OBTAIN": 2,
    "UNKNOWN/NOT SPECIFIED": 8,
}
CARE_UNITS: Weighted = {"MICU": 38, "SICU": 17, "CSRU": 16, "CCU": 14, "TSICU": 15}
CAREGIVERS: Weighted = {
    "RN": 30,
    "MD": 20,
    "Res": 15,
    "RT": 10,
    "PCT": 9,
    "RPh": 6,
    "PT": 4,
    "SW": 3,
    "RD": 3,
}
CAREGIVER_DESCRIPTIONS = {
    "RN": "RN",
    "MD": "Attending",
    "Res": "Resident/Fellow/PA/NP",
    "RT": "Respiratory",
    "PCT": "PCT/NA",
    "RPh": "Pharmacist",
    "PT": "Rehabilitation",
    "SW": "Social Worker",
    "RD": "Dietitian",
}
COMPLAINTS = (
    "SEPSIS",
    "PNEUMONIA",
    "CHEST PAIN",
    "CONGESTIVE HEART FAILURE",
    "CORONARY ARTERY DISEASE",
    "GASTROINTESTINAL BLEED",
    "INTRACRANIAL HEMORRHAGE",
    "ALTERED MENTAL STATUS",
    "ACUTE RENAL FAILURE",
    "S/P FALL",
    "HYPOTENSION",
    "RESPIRATORY FAILURE",
)

# ICD-9-CM without its point, as MIMIC-III has it: code, short title, long title.
DIAGNOSES = (
    ("4019", "Hypertension NOS", "Unspecified essential hypertension"),
    ("4280", "CHF NOS", "Congestive heart failure, unspecified"),
    ("42731", "Atrial fibrillation", "Atrial fibrillation"),
    ("41401", "Crnry athrscl natve vssl", "Coronary atherosclerosis of native coronary artery"),
    ("5849", "Acute kidney failure NOS", "Acute kidney failure, unspecified"),
    (
        "25000",
        "DMII wo cmp nt st uncntr",
        "Diabetes mellitus without mention of complication, type II or unspecified type, not stated as uncontrolled",
    ),
    ("2724", "Hyperlipidemia NEC/NOS", "Other and unspecified hyperlipidemia"),
    ("51881", "Acute respiratry failure", "Acute respiratory failure"),
    ("5990", "Urin tract infection NOS", "Urinary tract infection, site not specified"),
    ("53081", "Esophageal reflux", "Esophageal reflux"),
    ("2720", "Pure hypercholesterolem", "Pure hypercholesterolemia"),
    ("2859", "Anemia NOS", "Anemia, unspecified"),
    ("486", "Pneumonia, organism NOS", "Pneumonia, organism unspecified"),
    ("2851", "Ac posthemorrhag anemia", "Acute posthemorrhagic anemia"),
    ("2762", "Acidosis", "Acidosis"),
    ("496", "Chr airway obstruct NEC", "Chronic airway obstruction, not elsewhere classified"),
    ("99592", "Severe sepsis", "Severe sepsis"),
    ("99591", "Sepsis", "Sepsis"),
    ("0389", "Septicemia NOS", "Unspecified septicemia"),
    ("78552", "Septic shock", "Septic shock"),
    ("5070", "Food/vomit pneumonitis", "Pneumonitis due to inhalation of food or vomitus"),
    ("2449", "Hypothyroidism NOS", "Unspecified acquired hypothyroidism"),
    ("5859", "Chronic kidney dis NOS", "Chronic kidney disease, unspecified"),
    ("2761", "Hyposmolality", "Hyposmolality and/or hyponatremia"),
    ("311", "Depressive disorder NEC", "Depressive disorder, not elsewhere classified"),
    ("412", "Old myocardial infarct", "Old myocardial infarction"),
    ("4240", "Mitral valve disorder", "Mitral valve disorders"),
    ("V5861", "Long-term use anticoagul", "Long-term (current) use of anticoagulants"),
    ("V4581", "Aortocoronary bypass", "Aortocoronary bypass status"),
    ("V1582", "History of tobacco use", "Personal history of tobacco use"),
    (
        "E8788",
        "Abn react-surg proc NEC",
        "Other specified surgical operations and procedures causing abnormal reaction",
    ),
    ("E8859", "Fall from slipping NEC", "Fall from other slipping, tripping, or stumbling"),
)
CODES_WITHOUT_TITLE = ("71970", "2930")  # the dictionary of MIMIC-III lacks some codes too


@dataclass(frozen=True, slots=True)
class LabItem:
    """A laboratory test. Numeric ones lie around `mean`, and are `abnormal` outside of `low` to `high`; others
    have one of `texts` for a value."""

    itemid: int
    label: str
    fluid: str
    category: str
    loinc: str | None
    unit: str | None = None
    mean: float = 0
    spread: float = 0
    digits: int = 0
    low: float = 0
    high: float = 0
    texts: tuple[str, ...] = ()


LAB_ITEMS = (
    LabItem(50868, "Anion Gap", "Blood", "Chemistry", "1863-0", "mEq/L", 14, 3, 0, 8, 20),
    LabItem(50882, "Bicarbonate", "Blood", "Chemistry", "1963-8", "mEq/L", 25, 4, 0, 22, 32),
    LabItem(50893, "Calcium, Total", "Blood", "Chemistry", "2000-8", "mg/dL", 8.5, 0.7, 1, 8.4, 10.3),
    LabItem(50902, "Chloride", "Blood", "Chemistry", "2075-0", "mEq/L", 104, 5, 0, 96, 108),
    LabItem(50912, "Creatinine", "Blood", "Chemistry", "2160-0", "mg/dL", 1.4, 0.5, 1, 0.4, 1.2),
    LabItem(50931, "Glucose", "Blood", "Chemistry", "2345-7", "mg/dL", 132, 30, 0, 70, 105),
    LabItem(50960, "Magnesium", "Blood", "Chemistry", "2601-3", "mg/dL", 2, 0.3, 1, 1.6, 2.6),
    LabItem(50970, "Phosphate", "Blood", "Chemistry", "2777-1", "mg/dL", 3.5, 0.8, 1, 2.7, 4.5),
    LabItem(50971, "Potassium", "Blood", "Chemistry", "2823-3", "mEq/L", 4.1, 0.5, 1, 3.3, 5.1),
    LabItem(50983, "Sodium", "Blood", "Chemistry", "2951-2", "mEq/L", 138, 4, 0, 133, 145),
    LabItem(51006, "Urea Nitrogen", "Blood", "Chemistry", "3094-0", "mg/dL", 28, 9, 0, 6, 20),
    LabItem(50861, "Alanine Aminotransferase (ALT)", "Blood", "Chemistry", "1742-6", "IU/L", 45, 12, 0, 0, 40),
    LabItem(50878, "Asparate Aminotransferase (AST)", "Blood", "Chemistry", "1920-8", "IU/L", 50, 14, 0, 0, 40),
    LabItem(50885, "Bilirubin, Total", "Blood", "Chemistry", "1975-2", "mg/dL", 1.2, 0.3, 1, 0, 1.5),
    LabItem(51003, "Troponin T", "Blood", "Chemistry", "6598-7", "ng/mL", 0.2, 0.05, 2, 0, 0.01),
    LabItem(51221, "Hematocrit", "Blood", "Hematology", "4544-3", "%", 31, 4, 1, 36, 48),
    LabItem(51222, "Hemoglobin", "Blood", "Hematology", "718-7", "g/dL", 10.5, 1.5, 1, 12, 16),
    LabItem(51248, "MCH", "Blood", "Hematology", "785-6", "pg", 30, 2, 1, 27, 32),
    LabItem(51250, "MCV", "Blood", "Hematology", "787-2", "fL", 90, 6, 0, 82, 98),
    LabItem(51265, "Platelet Count", "Blood", "Hematology", "777-3", "K/uL", 230, 60, 0, 150, 440),
    LabItem(51277, "RDW", "Blood", "Hematology", "788-0", "%", 15, 1.5, 1, 10.5, 15.5),
    LabItem(51279, "Red Blood Cells", "Blood", "Hematology", "789-8", "m/uL", 3.5, 0.5, 2, 4.2, 5.4),
    LabItem(51301, "White Blood Cells", "Blood", "Hematology", "804-5", "K/uL", 10.5, 2.5, 1, 4, 11),
    LabItem(51237, "INR(PT)", "Blood", "Hematology", "5895-7", None, 1.4, 0.2, 1, 0.9, 1.1),
    LabItem(51275, "PTT", "Blood", "Hematology", "3173-2", "sec", 38, 7, 1, 25, 36.5),
    LabItem(50813, "Lactate", "Blood", "Blood Gas", "32693-4", "mmol/L", 2.2, 0.5, 1, 0.5, 2),
    LabItem(50820, "pH", "Blood", "Blood Gas", "11558-4", "units", 7.37, 0.06, 2, 7.35, 7.45),
    LabItem(50818, "pCO2", "Blood", "Blood Gas", "11557-6", "mm Hg", 42, 7, 0, 35, 45),
    LabItem(50821, "pO2", "Blood", "Blood Gas", "11556-8", "mm Hg", 130, 25, 0, 85, 105),
    LabItem(50800, "SPECIMEN TYPE", "BLOOD", "BLOOD GAS", None, texts=("ART", "VEN", "MIX")),
    LabItem(51506, "Urine Appearance", "Urine", "Hematology", "5767-9", texts=("Clear", "Hazy", "Cloudy")),
    LabItem(51508, "Urine Color", "Urine", "Hematology", "5778-6", texts=("Yellow", "Straw", "Amber")),
)


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug as it is ordered. `type` is MAIN, ADDITIVE, or BASE for the fluid that others are dissolved in."""

    name: str
    generic: str
    code: str
    ndc: str | None
    strength: str
    doses: tuple[str, ...]
    unit: str
    route: str
    form: str = "TAB"
    type: str = "MAIN"


DRUGS = (
    Drug("Acetaminophen", "Acetaminophen", "ACET325", "00182844789", "325mg Tab", ("325", "650"), "mg", "PO"),
    Drug("Aspirin", "Aspirin", "ASA81", "63739043401", "81mg Chewable Tablet", ("81", "325"), "mg", "PO"),
    Drug("Atorvastatin", "Atorvastatin", "ATOR20", "51079020920", "20 mg Tab", ("20", "40", "80"), "mg", "PO"),
    Drug("Metoprolol Tartrate", "Metoprolol", "METO25", "51079080120", "25mg Tab", ("12.5", "25", "50"), "mg", "PO"),
    Drug("Lisinopril", "Lisinopril", "LISI5", "51079098120", "5mg Tab", ("2.5", "5", "10"), "mg", "PO"),
    Drug("Furosemide", "Furosemide", "FURO40I", "00517570425", "40mg/4mL Vial", ("20", "40"), "mg", "IV", "VIAL"),
    Drug("Pantoprazole", "Pantoprazole", "PANT40", "00008084181", "40mg Tablet", ("40",), "mg", "PO"),
    Drug("Docusate Sodium", "Docusate Sodium", "DOCU100", "00904224461", "100mg Capsule", ("100",), "mg", "PO", "CAP"),
    Drug("Senna", "Senna", "SENN187", "00904516561", "1 Tablet", ("1", "2"), "TAB", "PO"),
    Drug("Heparin", "Heparin Sodium", "HEPA5I", "63323026201", "5000 Units / mL- 1mL Vial", ("5000",), "UNIT", "SC"),
    Drug("Insulin", "Insulin Human Regular", "INSULIN", "0", "Dummy Package for Insulin", ("2", "4"), "UNIT", "SC"),
    Drug("Vancomycin", "Vancomycin HCl", "VANC1F", "00338355248", "1g Frozen Bag", ("1000", "1500"), "mg", "IV", "BAG"),
    Drug("CefazoLIN", "Cefazolin", "CEFA1F", "00338350341", "1g Frozen Bag", ("1", "2"), "g", "IV", "BAG"),
    Drug("Morphine Sulfate", "Morphine Sulfate", "MORP2I", "00409189001", "2mg Syringe", ("2", "4"), "mg", "IV", "SYR"),
    Drug(
        "Potassium Chloride",
        "Potassium Chloride",
        "KCL20P",
        "58177000111",
        "10mEq ER Tablet",
        ("20", "40"),
        "mEq",
        "PO",
    ),
    Drug("Fentanyl Citrate", "Fentanyl Citrate", "FENT2I", "10019003867", "100mcg/2mL Amp", ("25", "50"), "mcg", "IV"),
    Drug(
        "Albuterol 0.083% Neb Soln", "Albuterol", "ALBU3H", "00487950101", "2.5mg/3mL Vial", ("1",), "NEB", "IH", "VIAL"
    ),
    Drug("Multivitamins", "Multivitamin", "MULTI", None, "1 Tablet", ("1",), "TAB", "PO"),
    Drug("Magnesium Sulfate", "Magnesium", "MAG2PM", "0", "2g/50mL Premix", ("2",), "gm", "IV", "BAG", "ADDITIVE"),
)
BASES = (
    Drug("D5W", "", "D5W250", "00338001702", "250mL Bag", ("250",), "mL", "IV", "BAG", "BASE"),
    Drug("NS", "", "NS100", "00338055318", "100mL Bag", ("100",), "mL", "IV", "BAG", "BASE"),
)
