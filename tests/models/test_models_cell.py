"""Whole cells: nothing leaks, everything resumes, the same bytes come out, planted signals are found."""

import json
import shutil

import h5py
import numpy as np
import pandas as pd
import pytest
from conftest_models import BILSTM, LINEAR
from dyadflow.errors import DyadflowError
