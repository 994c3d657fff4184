"""Who has met what, what is still missing and by which clause; opens the exam when the training is done."""
