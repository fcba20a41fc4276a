"""Ordinary words of French, English and Pidgin that are never guessed to be a misspelt zone."""

from typing import Final

from marketplace.understanding.folding import word_set

COMMON: Final = word_set("""
a abeg accord actuellement affaire afin age agent ai aide aider aie aime ainsi air ait aller allo allons allume alors am
ami an ans any anything apartment appart appartement appel appeler appelez apporter apres are arrive arriver as assez at
attend attends au aucun aucune aujourd aupres aussi autre autres aux avait avant avec avez avoir avons away ay baby back
bad bas beau beaucoup because bedroom been before behind belle besoin better bien big bientot block boite bon bonne
bonjour bonsoir boss boulot bout boutique brother bro but by ca cadre came can car carrefour cas casse cause ce ceci cela
celle celui centre ces cet cette chaque chaud chef chercher cherche chez chose choses ci cinq clair client close coin
combien come comment comme comot compound compte comptoir connais contre corps cote coup couper cour courant cours court
cuisine customer da daddy dans dat day days de debout debut deja demain demande demander depuis der dernier derriere des
dessous dessus deux devant devis dey di did dieu dimanche dire dirty dis dispo do does dois doit done don donc donner dont
door down du dur each eau ecole eglise egalement elle elles email en enfant enfin encore ensuite entre entrer envoyer est et
etage etait ete etre eux evening every faire fait faites faut femme fer fermer feu fille fils fin fine finir fit five fix
fois fond food for force fort four frere friday from front full gars gate gentil get give go good gros grand grande gros
ground guy had has have he heavy hello help her here heure heures hi hier his home hopital hospital hot hotel hour house
how hui i ici if il ils immediatement immeuble in inside interieur is it its j jamais janvier jardin je jeudi job jour
jours juin juillet jusqu jusque just kitchen know la laisser large last le les leur like line live living local
logement loin long longtemps look lot lower lundi ma machine madame main maintenant maintenance mais maison make mal maman
man manger marche mardi mari marre massa matin mauvais me mecanicien meilleur meme mercredi merci mes mettre mi midi
mieux mine mise moi moins mois moment mon monde money monsieur mont monter morning mort moto moyen mr mrs mur my na naw ne near
necessaire need neuf never new next ni night nine no nobody noir nom nombre non nord nos not notre nous nouveau nouvelle
now nuit numero of off office on one only open or other ou oui our out outside over owner paiement panne papa par parce
parler parlour part partie partir partout pas passe passer pay payer pendant perdu petit petite peu peur peut peux pharmacie
person personne phone photo piece pied pikin piole place plan please plus plusieurs pm point porte poser possible poste pour
pourquoi pouvez pouvoir premier prendre pres presque pret prier prix probleme prochain prochaine propre puis qu quand quartier
que quel quelle quelqu quelque quelques question qui quick quickly quitter quoi rail rapide rapidement recevoir reduire
refaire regarder rendre rendez rentrer repair reparer reparation repas reponse rest reste retour rien right road room roof
route rouge rue sa sac sais sale salle salon salut samedi sans saturday se seat semaine sembler sent sept ses seul seulement
she shop si side simple since sir six small so soir soleil some somebody someone son sont sorte sortie sortir sous spoil
station still stop street sud suis suite sunday super sur svp sure table take tank tard te technicien telephone tell temps
ten terrain tete than thank thanks that the their them then there these they thing think this thursday time tire to today
together toi tomber tomorrow tonight too total toujours tour tous tout toute toutes travail travaille travailler travaux tres
trois trop trouver tu tuesday two u un una une up urgence urgent us use va vais vendredi venez venir vent veut veux vers very
vie viens vient vieux ville vite vivre voici voila voir voisin voisine voisins voiture vos votre voudrais voulez vous vrai vraiment
w wait waiting walk wan want was wash water way we wednesday week weekend weh well went were wetin what when where which
while white who whole wife wife will with woman wood work worker working would wuna y yard yes yesterday yi you your zone
please urgent urgently bonjour besoin dernierement etancheite seconde quelquefois decembre novembre octobre septembre aout
mai avril mars fevrier january february march april june july august september october november december monday
samedis lundis mardis mercredis jeudis vendredis dimanches pendant ventilateur ballon bureau magasin restaurant bar
cousin cousine soeur tante oncle collegue patron mere pere parents locataire proprio proprietaire bailleur chantier villa
studio duplex terrasse couloir chambre chambres toilettes veranda balcon garage cave escalier escaliers sombre sonne sonner
marche marcher monde moindre message messages manque manquer mange menage meuble mesure metre metres metal mousse mode model
bonus bonhomme boulanger boulangerie boule bois boisson bouteille bouton brule bruit brusquement belle bebe batir base bali
dame dames damage danger dangereux dangerous dark date debrouiller degage demarre depannage depanner dernier doubler
ecoute ecran ecrire emballer embouteillage emmener employe encore enlever entend entretien envie environ espece essaie
esso essence essayer essaye etat etoile eteint exactement example excuse excusez experience fabriquer facture faible famille fenetre
fermee finie fosse fuite fume garantie garder gauche gaz general genre goutte grave groupe guest guard gutter gouttiere
kilometre kilo kit lampe lave laver lavage lentement lessive lettre lever libre lieu ligne lire lit livrer locale louer
lourd lumiere lundi lune nettoyer noel noisy normal note nounou ouvert ouvrier ouvrir pantalon papier parfois parti pause
peindre pense penser perce pile piscine piquer plainte plafond plan plante pluie pompe pose pression prevu prise
produit projet promo quai rat rate recherche reclamation refroidit reglage regler remplacer renover reseau responsable ressort
retard reveil riz robinet roue sable salaire salete sang secours secteur securite serrure service servir seul signal sol
solide somme sonnette souci souder source souvent surtout sympa syndic taille tache talon tapis taxi tele tenir terre tiroir toit
tole tordu toucher tourne toxique traiter transport travers trou tuyau usage utiliser valise vanne vapeur vendeur verre verte
vide vider vidange vieille vieillot virus visite vitre vitrine voile volet voleur volume voyage
""")
