/** Words for safe and unsafe in languages other than English, lower case. */

const set = (words: string): ReadonlySet<string> => new Set(words.split(/\s*,\s*/));

/** Each means only this, so that it is read without a question, and said. */
export const FOREIGN_SAFE = set(
  "安全, 安全な, 安全的, 无害, 無害, 무해, 안전, 안전함, безопасно, безопасный, безопасная, безопасные, безвредный, безпечно, безпечний, bezpieczny, bezpieczne, harmlos, unbedenklich, ungefährlich, inoffensif, sans danger, inofensivo, inofensiva, inócuo, innocuo, onschadelijk, zararsız, güvenli, an toàn, آمن, सुरक्षित",
);
export const FOREIGN_UNSAFE = set(
  "不安全, 不安全的, 有害, 危险, 危險, 危険, 안전하지 않음, 유해, 위험, небезопасно, небезопасный, опасно, опасный, опасная, опасные, вредный, вредоносный, небезпечно, небезпечний, niebezpieczny, niebezpieczne, szkodliwy, schädlich, gefährlich, dangereux, dangereuse, nuisible, peligroso, peligrosa, dañino, dañina, perigoso, perigosa, nocivo, prejudicial, pericoloso, dannoso, gevaarlijk, schadelijk, onveilig, zararlı, tehlikeli, güvensiz, không an toàn, nguy hiểm, độc hại, غير آمن, ضار, خطير, असुरक्षित, हानिकारक",
);

/** `sicher` is also certain, `seguro` also sure: these tell something only beside a word of the other list that tells all. */
export const FOREIGN_MAYBE_SAFE = set("sicher, seguro, segura, sûr, sûre, sur, sicuro, sicura, veilig, aman, säker, trygg, sikker");
export const FOREIGN_MAYBE_UNSAFE = set("unsicher, inseguro, insegura, peu sûr, non sûr, insicuro, insicura, berbahaya, osäker, farlig, usikker");
